// SPDX-License-Identifier: GPL-3.0-or-later
// usage: node chat.mjs MODEL.gguf [REQUESTS] [BATCH] [PROMPT] [TOKENS] [PAUSE]
//
// Answers requests with an unmodified node-llama-cpp and prints JSON lines: the
// clock (CLOCK_MONOTONIC, ns) just before every evaluation and at every token.
// Times are kept in memory and printed after each request.  PAUSE: ms between
// loading the library and the model.
import {getLlama} from "node-llama-cpp";

const [path, ...numbers] = process.argv.slice(2);
const [requests = 6, batchSize = 512, promptLength = 200, wanted = 24,
    pause = 0] = numbers.map(Number);
const now = () => process.hrtime.bigint().toString();

const llama = await getLlama({gpu: false, build: "never",
    logLevel: "error", maxThreads: 1});
if (pause > 0)
    await new Promise(resolve => setTimeout(resolve, pause));
const model = await llama.loadModel({modelPath: path});
const context = await model.createContext({contextSize: 2048, batchSize,
    threads: 1, sequences: 1});
const sequence = context.getSequence();
const loaded = now();

console.log(JSON.stringify({event: "loaded", t_ns: loaded}));
for (let request = 1; request <= requests; request++) {
    // Another length every time, so that no two requests can be mixed up.
    const prompt = [model.tokens.bos];
    for (let i = 1; i < promptLength + request; i++)
        prompt.push(260 + (i * 7 + request) % 100);
    await sequence.clearHistory();
    const times = [];
    const start = now();
    for await (const _ of sequence.evaluate(prompt,
        {temperature: 0, yieldEogToken: true})) {
        times.push(now());
        if (times.length === wanted + request)
            break;
    }
    console.log(JSON.stringify({event: "request", request, t_ns: start,
        prompt_tokens: prompt.length, tokens_ns: times}));
}
await context.dispose();
await model.dispose();
await llama.dispose();
