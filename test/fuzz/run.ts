/**
 * Feeds a parser with inputs until something is wrong, or for so many cases or seconds: `node dist/test/fuzz/run.js [--target
 * walker|capture|config|http] [--seed N] [--cases N | --seconds N]`. Exits with 1 at the first fault. The walker, which is the
 * default, gets the same messages as protobufjs, and the smallest message found that shows a difference is printed as a line
 * for walker.test.ts.
 */
import { parseArgs } from 'node:util';
import { shrink } from './shrink.js';
import { TARGETS } from './targets.js';
import { walkerCases } from './walker-cases.js';
import { walkerDifference } from './walker-difference.js';

const PROGRESS_MS = 10_000;
/** By default: what takes some minutes. */
const WALKER_CASES = 1_000_000;
const TARGET_CASES = 50_000;

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: 'walker' },
    seed: { type: 'string' },
    cases: { type: 'string' },
    seconds: { type: 'string' },
  },
});
const { target } = values;
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const usual = target === 'walker' ? WALKER_CASES : TARGET_CASES;
const cases = Number(values.cases ?? (values.seconds === undefined ? usual : Number.POSITIVE_INFINITY));
const deadlineMs = performance.now() + Number(values.seconds ?? Number.POSITIVE_INFINITY) * 1_000;
if (Number.isNaN(seed + cases + deadlineMs)) throw new Error('--seed, --cases and --seconds are numbers');

const startedMs = performance.now();
let toldMs = startedMs;
let done = 0;

function tell(): void {
  const seconds = (performance.now() - startedMs) / 1_000;
  console.log(`${target}, seed ${seed}: ${done} cases are fine, ${Math.round(done / seconds)} a second`);
}

function over(): boolean {
  return done >= cases || performance.now() >= deadlineMs;
}

function oneDone(): void {
  done += 1;
  if (performance.now() - toldMs <= PROGRESS_MS) return;
  toldMs = performance.now();
  tell();
}

function fuzzWalker(): void {
  for (const bytes of walkerCases(seed)) {
    if (over()) return;
    const difference = walkerDifference(bytes);
    if (difference !== null) {
      const smallest = shrink(bytes, (candidate) => walkerDifference(candidate) !== null);
      console.log(`seed ${seed}, case ${done}: ${difference}`);
      console.log(`shrunk to ${smallest.length} bytes: ${walkerDifference(smallest)}`);
      console.log(`  ['what it is', '${Buffer.from(smallest).toString('hex')}'],`);
      process.exitCode = 1;
      return;
    }
    oneDone();
  }
}

async function fuzzTarget(name: string): Promise<void> {
  const open = Object.hasOwn(TARGETS, name) ? TARGETS[name] : undefined;
  if (open === undefined) throw new Error(`--target is walker, ${Object.keys(TARGETS).join(' or ')}`);
  const opened = open();
  while (!over() && process.exitCode === undefined) {
    const fault = await opened.run(seed, done);
    if (fault === null) oneDone();
    else {
      console.log(`seed ${seed}, case ${done}: ${fault}`);
      process.exitCode = 1;
    }
  }
  await opened.close();
}

if (target === 'walker') fuzzWalker();
else await fuzzTarget(target);
tell();
