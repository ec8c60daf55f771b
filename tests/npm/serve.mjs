// SPDX-License-Identifier: GPL-3.0-or-later
// usage: node serve.mjs MODEL.gguf
//
// A server with an unmodified node-llama-cpp in it: prints "port N", then
// answers GET /PROMPT/TOKENS with the counts of tokens it evaluated and made.
import {createServer} from "node:http";
import {getLlama} from "node-llama-cpp";

const llama = await getLlama({gpu: false, build: "never",
    logLevel: "error", maxThreads: 1});
const model = await llama.loadModel({modelPath: process.argv[2]});
const context = await model.createContext({contextSize: 2048, batchSize: 512,
    threads: 1, sequences: 1});
const sequence = context.getSequence();
let served = 0;

async function answer(promptLength, wanted) {
    const prompt = [model.tokens.bos];
    let made = 0;

    served++;
    for (let i = 1; i < promptLength; i++)
        prompt.push(260 + (i * 7 + served) % 100);
    await sequence.clearHistory();
    for await (const _ of sequence.evaluate(prompt,
        {temperature: 0, yieldEogToken: true}))
        if (++made === wanted)
            break;
    return {prompt: prompt.length, made};
}

const server = createServer(async (request, response) => {
    const [, prompt, tokens] = request.url.split("/").map(Number);

    response.end(JSON.stringify(await answer(prompt, tokens)) + "\n");
});
server.listen(0, "127.0.0.1", () =>
    console.log(`port ${server.address().port}`));
