// SPDX-License-Identifier: GPL-3.0-or-later
// usage: node check.mjs NAME RUN_FOLDER OUTPUT
//
// Compares what edgeprof found (phases.csv, tokens.csv) with what chat.mjs said
// of itself: counts must be equal, borders within the larger of 2 ms and 2 % of
// the phase in the median over the requests.
import {readFileSync} from "node:fs";

const [name, folder, output] = process.argv.slice(2);
const table = file => {
    const [head, ...rows] = readFileSync(`${folder}/${file}`, "utf8").trimEnd()
        .split("\n").map(line => line.split(","));
    return rows.map(row => Object.fromEntries(
        head.map((key, i) => [key, row[i] ?? ""])));
};
const verdict = (what, why) =>
    console.log(why ? `not ok ${name}_${what}: ${why}` : `ok ${name}_${what}`);
const median = list => {
    const sorted = [...list].sort((a, b) => a - b);
    const half = sorted.length >> 1;
    return sorted.length % 2 ? sorted[half]
        : (sorted[half - 1] + sorted[half]) / 2;
};

const gate = BigInt(table("events.csv").find(e => e.event === "gate").t_ns);
const seconds = ns => Number(BigInt(ns) - gate) / 1e9;
const said = readFileSync(output, "utf8").split("\n")
    .filter(line => line.startsWith("{")).map(line => JSON.parse(line));
const asked = said.filter(line => line.event === "request");
const loaded = seconds(said.find(line => line.event === "loaded").t_ns);
const phases = table("phases.csv");
const tokens = table("tokens.csv");
const find = (request, phase) => phases.find(p =>
    p.phase === phase && Number(p.request) === request);

let wrong = asked.length < 5 ? `only ${asked.length} requests` : "";
const differences = {prefill_begins: [], first_token: [], generation_ends: []};
const limits = {prefill_begins: [], first_token: [], generation_ends: []};
for (const r of asked) {
    const prefill = find(r.request, "prefill");
    const generation = find(r.request, "generation");
    const count = r.tokens_ns.length;
    const stamped = tokens.filter(t => Number(t.request) === r.request);
    if (!prefill || !generation) {
        wrong ||= `request ${r.request} was not found`;
        continue;
    }
    const seen = [prefill.tokens, generation.tokens, generation.steps,
        stamped.length].map(Number);
    const want = [r.prompt_tokens, count, count - 1, count];
    if (seen.some((value, i) => value !== want[i]))
        wrong ||= `request ${r.request}: prompt, output, steps, stamps are ` +
            `${seen}, not ${want}`;
    if (prefill.evidence !== "PROBED")
        wrong ||= `evidence is ${prefill.evidence}`;
    const note = (border, edge, ns, phase) => {
        differences[border].push(Math.abs(Number(edge) - seconds(ns)));
        limits[border].push(Math.max(0.002,
            0.02 * (Number(phase.end_s) - Number(phase.start_s))));
    };
    note("prefill_begins", prefill.start_s, r.t_ns, prefill);
    note("first_token", prefill.end_s, r.tokens_ns[0], prefill);
    note("generation_ends", generation.end_s, r.tokens_ns[count - 1],
        generation);
}
verdict("counts_are_equal", wrong);
for (const border in differences) {
    const off = median(differences[border]), limit = median(limits[border]);
    verdict(`${border}_where_the_program_says`,
        off <= limit ? "" : `${(off * 1e3).toFixed(3)} ms off, ` +
            `${(limit * 1e3).toFixed(3)} ms allowed`);
}
const load = find(1, "load");
verdict("load_ends_where_the_program_says",
    load && Math.abs(Number(load.end_s) - loaded) <=
        Math.max(0.002, 0.02 * loaded) && Number(load.start_s) === 0 ? ""
        : `${load?.start_s} to ${load?.end_s} s, not 0 to ${loaded} s`);
