import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONTROL_COMMANDS, EngineStates, type StateActions } from '../src/engine-states.js';
import { EngineError } from '../src/errors.js';

/** States whose actions are written down and do as told. */
function stage(does: Partial<StateActions> = {}) {
  const log: string[] = [];
  const states = new EngineStates({
    join: () => void log.push('join'),
    leave: async () => {
      log.push('leave');
      return does.leave?.() ?? 0;
    },
    rehearse: async (signal) => {
      log.push('rehearse');
      await does.rehearse?.(signal);
    },
    changed: (from, to) => void log.push(`${from} → ${to}`),
  });
  return { states, log };
}

const ending = (error: unknown): boolean => error instanceof EngineError && /is ending/.test(error.message);

describe('the states of an engine', () => {
  it('go from standby to active, drained and back, doing what each takes', async () => {
    const { states, log } = stage();
    await states.started('standby');
    for (const command of ['activate', 'drain', 'resume', 'standby', 'drain'] as const) await states.ask(command);
    assert.deepEqual(log, [
      'rehearse',
      'starting → standby',
      'join',
      'standby → active',
      'active → draining',
      'leave',
      'draining → drained',
      'join',
      'drained → active',
      'active → draining',
      'leave',
      'draining → drained',
      'rehearse',
      'drained → standby',
      'standby → draining',
      'draining → drained',
    ]);
  });

  it('stay where they are when asked for what is', async () => {
    for (const command of CONTROL_COMMANDS) {
      const { states, log } = stage();
      await states.started('active');
      await states.ask(command);
      const after = log.length;
      await states.ask(command);
      assert.equal(log.length, after, command);
      assert.ok(states.fulfils(command));
    }
  });

  it('take commands in turn, the first when the engine is up', async () => {
    const { states, log } = stage();
    const asked = Promise.all([states.ask('drain'), states.ask('resume'), states.ask('drain')]);
    assert.equal(log.length, 0);
    await states.started('active');
    await asked;
    assert.deepEqual(
      log.filter((entry) => !entry.includes('→')),
      ['leave', 'join', 'leave'],
    );
    assert.equal(states.state, 'drained');
  });

  it('are drained, not on standby, where the test on the way there fails', async () => {
    const { states } = stage({ rehearse: () => Promise.reject(new Error('no broker')) });
    await states.started('active');
    await assert.rejects(states.ask('standby'), /no broker/);
    assert.equal(states.state, 'drained');
    await states.ask('resume');
    assert.equal(states.state, 'active');
  });

  it('never reach standby where the first test fails', async () => {
    const { states } = stage({ rehearse: () => Promise.reject(new Error('no broker')) });
    await assert.rejects(states.started('standby'), /no broker/);
    assert.equal(states.state, 'starting');
  });

  it('remember of how many partitions a drain left something', async () => {
    const { states } = stage({ leave: async () => 3 });
    await states.started('active');
    await states.ask('drain');
    assert.equal(states.unsettled, 3);
  });

  it('end from anywhere, whatever is under way, and take no command after', async () => {
    let left = (_unsettled: number): void => {};
    const { states } = stage({
      leave: () =>
        new Promise((resolve) => {
          left = resolve;
        }),
    });
    await states.started('active');
    const draining = states.ask('drain');
    await new Promise((resolve) => setImmediate(resolve));
    states.closing();
    left(0);
    await assert.rejects(draining, ending);
    assert.equal(states.state, 'draining');
    states.stopped();
    await assert.rejects(states.ask('resume'), ending);
    assert.equal(states.state, 'stopped');
  });

  it('give up the test on the way to standby when the end comes', async () => {
    const { states } = stage({
      rehearse: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('given up')));
        }),
    });
    const started = states.started('standby');
    states.closing();
    await assert.rejects(started, /given up/);
    states.stopped();
    assert.equal(states.state, 'stopped');
  });

  it('stay failed', async () => {
    const { states } = stage();
    await states.started('active');
    states.failed();
    states.closing();
    states.stopped();
    assert.equal(states.state, 'failed');
    await assert.rejects(states.ask('drain'), ending);
  });
});
