/**
 * Simulates plan after plan until one breaks the ledger, or for so many schedules or seconds: `node dist/test/simulate/run.js
 * [--seed N] [--schedules N | --seconds N] [--mutation NAME] [--trace]`. A plan that fails is shrunk and told step by step,
 * and the exit code is 1. With `--trace` the one plan of the seed is told, whether it fails or not.
 */
import { parseArgs } from 'node:util';
import { MUTATIONS } from './mutations.js';
import { describePlan, type Plan } from './plan.js';
import { planFromSeed } from './plan-from-seed.js';
import { shrinkPlan } from './shrink.js';
import { Simulator } from './simulation.js';
import type { Seams } from './world.js';

const PROGRESS_MS = 10_000;
const SCHEDULES = 1_000_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    schedules: { type: 'string' },
    seconds: { type: 'string' },
    mutation: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});
const first = Number(values.seed ?? Date.now() % 2 ** 31);
const many = values.trace ? 1 : values.seconds === undefined ? SCHEDULES : Number.POSITIVE_INFINITY;
const schedules = Number(values.schedules ?? many);
const deadlineMs = performance.now() + Number(values.seconds ?? Number.POSITIVE_INFINITY) * 1_000;
if (Number.isNaN(first + schedules + deadlineMs)) throw new Error('--seed, --schedules and --seconds are numbers');

const simulator = new Simulator();
const mutation = values.mutation === undefined ? null : MUTATIONS.find(({ name }) => name === values.mutation);
if (mutation === undefined) {
  throw new Error(`no mutation ${values.mutation}; there are ${MUTATIONS.map(({ name }) => name).join(', ')}`);
}
const seams: Seams = mutation?.seams ?? {};
const counts = new Map<string, number>();
const startedMs = performance.now();
let toldMs = startedMs;
let done = 0;

function tell(): void {
  const rate = done / ((performance.now() - startedMs) / 1_000);
  console.log(`seeds ${first} to ${first + done - 1}: ${done} schedules clean, ${rate.toFixed(0)} a second`);
}

const kindOf = (violation: string) => violation.replaceAll(/\d+/g, '');

async function explain(plan: Plan, broken: string | null): Promise<void> {
  const fails = async (candidate: Plan) => {
    const { violation } = await simulator.run(candidate, seams);
    return violation !== null && kindOf(violation) === kindOf(broken ?? '');
  };
  const smallest = values.trace ? plan : await shrinkPlan(plan, fails);
  const { violation, lines } = await simulator.run(smallest, seams, true);
  console.log([...describePlan(smallest), ...lines].join('\n'));
  console.log(violation === null ? 'clean' : `broken: ${violation}`);
}

for (; done < schedules && performance.now() < deadlineMs; done++) {
  const plan = planFromSeed(first + done);
  const { violation, counts: seen } = await simulator.run(plan, seams);
  for (const [what, times] of seen) counts.set(what, (counts.get(what) ?? 0) + times);
  if (violation !== null) {
    process.exitCode = 1;
    console.log(`seed ${plan.seed}: ${violation}`);
  }
  if (violation !== null || values.trace) {
    await explain(plan, violation);
    break;
  }
  if (performance.now() - toldMs > PROGRESS_MS) {
    toldMs = performance.now();
    tell();
  }
}
simulator.close();
if (process.exitCode !== 1) {
  tell();
  for (const [what, times] of [...counts].sort()) console.log(`  ${what}: ${times}`);
}
