/**
 * Feeds the walker and protobufjs with the same messages until they differ, or for so many cases or seconds: `node
 * dist/test/fuzz/run.js [--seed N] [--cases N | --seconds N]`. Exits with 1 where they differ, and prints the smallest
 * message found that shows it as a line for walker.test.ts.
 */
import { parseArgs } from 'node:util';
import { shrink } from './shrink.js';
import { walkerCases } from './walker-cases.js';
import { walkerDifference } from './walker-difference.js';

const PROGRESS_MS = 10_000;

const { values } = parseArgs({
  options: { seed: { type: 'string' }, cases: { type: 'string' }, seconds: { type: 'string' } },
});
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const cases = Number(values.cases ?? (values.seconds === undefined ? 1_000_000 : Number.POSITIVE_INFINITY));
const deadlineMs = performance.now() + Number(values.seconds ?? Number.POSITIVE_INFINITY) * 1_000;
if (Number.isNaN(seed + cases + deadlineMs)) throw new Error('--seed, --cases and --seconds are numbers');

const startedMs = performance.now();
let toldMs = startedMs;
let done = 0;

function tell(): void {
  const seconds = (performance.now() - startedMs) / 1_000;
  console.log(`seed ${seed}: ${done} cases agree, ${Math.round(done / seconds)} a second`);
}

for (const bytes of walkerCases(seed)) {
  if (done >= cases || performance.now() >= deadlineMs) break;
  const difference = walkerDifference(bytes);
  if (difference !== null) {
    const smallest = shrink(bytes, (candidate) => walkerDifference(candidate) !== null);
    console.log(`seed ${seed}, case ${done}: ${difference}`);
    console.log(`shrunk to ${smallest.length} bytes: ${walkerDifference(smallest)}`);
    console.log(`  ['what it is', '${Buffer.from(smallest).toString('hex')}'],`);
    process.exitCode = 1;
    break;
  }
  done += 1;
  if (performance.now() - toldMs > PROGRESS_MS) {
    toldMs = performance.now();
    tell();
  }
}
tell();
