import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const signals = JSON.stringify(new URL('../../src/commands/signals.js', import.meta.url).href);

/** What a process does that is told to stop by itself, at a moment when a listener of old has not had its turn yet. */
function childThat(script: string) {
  const code = `
    const { onStopSignal } = await import(${signals});
    process.on('SIGTERM', () => process.exit(7));
    ${script}
    setTimeout(() => process.exit(9), 60_000);`;
  const { status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { timeout: 120_000 });
  return { status, signal };
}

test('a signal that came before the listener, and had no turn until after, is heard by it', () => {
  const script = `process.kill(process.pid, 'SIGTERM'); onStopSignal(() => process.exit(0));`;
  assert.deepEqual(childThat(script), { status: 0, signal: null });
});

test('each signal is heard by the latest listener, and by no other', () => {
  const script = `
    onStopSignal(() => {
      onStopSignal((signal) => process.exit(signal === 'SIGINT' ? 3 : 8));
      process.kill(process.pid, 'SIGINT');
    });
    process.kill(process.pid, 'SIGTERM');`;
  assert.deepEqual(childThat(script), { status: 3, signal: null });
});
