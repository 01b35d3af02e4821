import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TARGETS } from './targets.js';

const SEED = 20_261_124;
const CASES: Readonly<Record<string, number>> = { capture: 1_500, config: 1_500, http: 800 };

for (const [name, open] of Object.entries(TARGETS)) {
  const cases = CASES[name] ?? 0;
  test(`the ${name} fuzz finds nothing in ${cases} cases of seed ${SEED}`, async () => {
    assert.ok(cases > 0);
    const target = open();
    try {
      for (let index = 0; index < cases; index += 1) {
        const fault = await target.run(SEED, index);
        assert.equal(fault, null, `case ${index}: ${fault}`);
      }
    } finally {
      await target.close();
    }
  });
}
