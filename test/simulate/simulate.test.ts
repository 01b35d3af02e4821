import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { EVERYTHING, type Profile, planFromSeed } from './plan-from-seed.js';
import { EMPTY_STREAMS, FAILING_BATCHES, ODD_TIMES, RETURNS, REVOKES } from './profiles.js';
import { Simulator } from './simulation.js';

const SEED = 20_261_124;
const SCHEDULES = 1_000;
const SCHEDULES_OF_A_PROFILE = 150;

const simulator = new Simulator();
after(() => simulator.close());

/** Runs so many plans; fails at the first whose ledger does not hold. Answers how often what happened. */
async function simulate(profile: Profile, schedules: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let seed = SEED; seed < SEED + schedules; seed++) {
    const verdict = await simulator.run(planFromSeed(seed, profile));
    assert.equal(verdict.violation, null, `seed ${seed}`);
    for (const [what, times] of verdict.counts) counts.set(what, (counts.get(what) ?? 0) + times);
  }
  return counts;
}

function assertSeen(counts: ReadonlyMap<string, number>, least: Record<string, number>): void {
  for (const [what, times] of Object.entries(least)) {
    const seen = counts.get(what) ?? 0;
    assert.ok(seen >= times, `"${what}" came about ${seen} times, ${times} are the least that says something`);
  }
}

test(`${SCHEDULES} schedules of every fault together: nothing is missing, doubled, out of order or unexplained`, async () => {
  assertSeen(await simulate(EVERYTHING, SCHEDULES), {
    fenced: 10,
    rewound: 50,
    gap: 30,
    held: 1_000,
    retried: 500,
    'repeat dropped': 1_000,
    'repeat met the primary key': 500,
    'stale backend ended': 20,
    'breaker open': 30,
    'worker failed: retry': 100,
    'worker failed: poison': 50,
    'failed KAFKA_OFFSET_OUT_OF_RANGE': 5,
  });
});

test('a partition that is revoked with work in flight loses nothing, though the drain runs over its budget', async () => {
  assertSeen(await simulate(REVOKES, SCHEDULES_OF_A_PROFILE), { 'drain over its budget': 60, fenced: 5 });
});

test('a partition that goes from A to B and back to A takes nothing of the first tenure', async () => {
  assertSeen(await simulate(RETURNS, SCHEDULES_OF_A_PROFILE), {
    'partition came back': 60,
    'result of an earlier tenure': 12,
  });
});

test('nothing behind a batch that fails moves before it, however often and in whatever way it fails', async () => {
  assertSeen(await simulate(FAILING_BATCHES, SCHEDULES_OF_A_PROFILE), { retried: 200 });
});

test('the offset advances over messages of which no row is left, and over offsets without a message', async () => {
  assertSeen(await simulate(EMPTY_STREAMS, SCHEDULES_OF_A_PROFILE), { 'stretch without rows landed': 600 });
});

test('clocks that jump by days, and messages of 1970 and of the year 9999, change nothing of what lands', async () => {
  assertSeen(await simulate(ODD_TIMES, SCHEDULES_OF_A_PROFILE), { 'fault clock': 200, 'breaker open': 6 });
});

test('a seed stands for one schedule, step by step', async () => {
  for (let seed = SEED; seed < SEED + 10; seed++) {
    const first = await simulator.run(planFromSeed(seed), {}, true);
    const again = await simulator.run(planFromSeed(seed), {}, true);
    assert.ok(first.lines.length > 50);
    assert.deepEqual(again.lines, first.lines);
  }
});
