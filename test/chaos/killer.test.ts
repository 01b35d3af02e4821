import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endingOf } from './killer.js';

test('an engine that was told to end may end with 0, with 1 where it says why, and by the signal while it does not listen yet', () => {
  const exit = (code: number | null, signal: NodeJS.Signals | null = null) => ({ code, signal });
  assert.equal(endingOf(exit(0), '"shutdown" "stopped"'), 'clean');
  assert.equal(endingOf(exit(1), '"shutdown" "stopped_unsettled"'), 'unsettled');
  assert.equal(endingOf(exit(1), '"shutdown" "shutdown_deadline"'), 'unsettled');
  assert.equal(endingOf(exit(1), '"shutdown" "shutdown_forced"'), 'forced');
  assert.equal(endingOf(exit(null, 'SIGTERM'), '"starting"'), 'beforeStart');
  assert.equal(endingOf(exit(1), '"starting" "engine_failed" "shutdown"'), 'beforeStart');
  assert.equal(endingOf(exit(1), '"starting" "engine_started" "engine_failed" "shutdown"'), null);
  assert.equal(endingOf(exit(null, 'SIGTERM'), '"starting" "shutdown"'), null);
  assert.equal(endingOf(exit(1), '"starting" "shutdown" "engine_started"'), null);
  assert.equal(endingOf(exit(null, 'SIGKILL'), '"shutdown"'), null);
});
