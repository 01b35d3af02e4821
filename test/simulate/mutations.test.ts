import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { MUTATIONS } from './mutations.js';
import type { Plan } from './plan.js';
import { EVERYTHING, type Profile, planFromSeed } from './plan-from-seed.js';
import { RETURNS } from './profiles.js';
import { shrinkPlan } from './shrink.js';
import { Simulator } from './simulation.js';

const SCHEDULES_MAX = 300;

const simulator = new Simulator();
after(() => simulator.close());

for (const { name, seams, fenced } of MUTATIONS) {
  test(`the simulation finds that ${name}`, async () => {
    for (let seed = 1; seed <= SCHEDULES_MAX; seed++) {
      const plan = planFromSeed(seed, fenced ? RETURNS : EVERYTHING);
      if ((await simulator.run(plan, seams)).violation === null) continue;
      assert.equal((await simulator.run(plan)).violation, null, `seed ${seed} fails without it as well`);
      return;
    }
    assert.fail(`not found in ${SCHEDULES_MAX} schedules`);
  });
}

/** Few enough that shrinking takes no time. */
const SMALL: Profile = { ...EVERYTHING, engines: [1, 2], messages: [4, 10], faults: [2, 5] };

test('a schedule that fails is shrunk to the few faults and messages that it takes', async () => {
  const mutation = MUTATIONS.find(({ name }) => name.startsWith('the window of repeats outlives'))!;
  const violationOf = async (plan: Plan) => (await simulator.run(plan, mutation.seams)).violation;
  let seed = 1;
  while ((await violationOf(planFromSeed(seed, SMALL))) === null) seed += 1;
  const smallest = await shrinkPlan(planFromSeed(seed, SMALL), async (plan) => (await violationOf(plan)) !== null);
  assert.notEqual(await violationOf(smallest), null);
  assert.deepEqual(
    smallest.faults.map(({ kind }) => kind),
    ['rewind'],
  );
  assert.ok(smallest.messages.length <= 4, `${smallest.messages.length} messages are left`);
});
