import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runDemo } from '../support/demo.js';

/** `KILL_LOOP_SECONDS=60` for the long version. */
const SECONDS = process.env.KILL_LOOP_SECONDS ?? '12';

test('an engine killed again and again while trades land loses none and lands none twice', async () => {
  const { code, stdout, stderr } = await runDemo(['--seconds', SECONDS, '--kill-every', '2', '--json']);
  assert.equal(code, 0, stderr);
  const kills = Number(/engine killed and started again: (\d+) times/.exec(stderr)?.[1]);
  assert.ok(kills >= 1, stderr);
  const { expected, landed, missing, duplicated } = JSON.parse(stdout).trades;
  assert.ok(expected > 100);
  assert.deepEqual([landed, missing, duplicated], [expected, 0, 0]);
});
