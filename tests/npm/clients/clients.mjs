// SPDX-License-Identifier: GPL-3.0-or-later
// usage: node clients.mjs URL MODEL
//
// The official clients of Ollama and OpenAI, unmodified, against the simulated
// server: what they understand must be what the server was told to say.
import {Ollama} from "ollama";
import OpenAI from "openai";

const [url, model] = process.argv.slice(2);
const verdict = (what, got, want) => console.log(
    JSON.stringify(got) === JSON.stringify(want) ? `ok ${what}`
        : `not ok ${what}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
const words = "w1 café2 w3 w4 w5 café6 ";
const attempt = async (what, work) => {
    try {
        await work();
    } catch (error) {
        console.log(`not ok ${what}: ${error}`);
    }
};

const ollama = new Ollama({host: url});
const collect = async (stream, text) => {
    let said = "", last, chunks = 0;
    for await (const part of stream) {
        said += text(part);
        chunks++;
        last = part;
    }
    return {said, last, chunks};
};
await attempt("ollama_generate", async () => {
    const {said, last, chunks} = await collect(await ollama.generate({
        model, prompt: "hi", stream: true, options: {num_predict: 6}}),
        part => part.response);
    verdict("ollama_generate", [said, chunks, last.done, last.done_reason,
        last.eval_count, last.prompt_eval_count, last.prompt_eval_duration,
        last.eval_duration],
        [words, 7, true, "length", 6, 30, 20000000, 20000000]);
});
await attempt("ollama_chat", async () => {
    const {said, last} = await collect(await ollama.chat({model,
        messages: [{role: "user", content: "hi"}], stream: true,
        options: {num_predict: 6}}), part => part.message.content);
    verdict("ollama_chat", [said, last.done, last.eval_count], [words, true, 6]);
});
await attempt("ollama_ps", async () => verdict("ollama_ps",
    (await ollama.ps()).models.map(m => m.name), [model]));
await attempt("ollama_unload", async () => {
    const reply = await ollama.generate({model, keep_alive: 0});
    verdict("ollama_unload", [reply.done_reason,
        (await ollama.ps()).models.length], ["unload", 0]);
});
await attempt("ollama_missing_model", async () => {
    let message = "";
    await ollama.generate({model: "nope", prompt: "hi"}).catch(error => {
        message = `${error.status_code} ${error.message}`;
    });
    verdict("ollama_missing_model", message, "404 model not found");
});

const openai = new OpenAI({baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0});
await attempt("openai_chat", async () => {
    const {said, last, chunks} = await collect(
        await openai.chat.completions.create({model, stream: true,
            max_tokens: 6, stream_options: {include_usage: true},
            messages: [{role: "user", content: "hi"}]}),
        part => part.choices[0]?.delta?.content ?? "");
    verdict("openai_chat", [said, chunks, last.choices.length,
        last.usage.completion_tokens, last.usage.prompt_tokens],
        [words, 9, 0, 6, 30]);
});
await attempt("openai_models", async () => verdict("openai_models",
    (await openai.models.list()).data.map(m => m.id), [model]));
await attempt("openai_missing_model", async () => {
    let status = 0;
    await openai.chat.completions.create({model: "nope", messages: []})
        .catch(error => {
            status = error.status;
        });
    verdict("openai_missing_model", status, 404);
});
