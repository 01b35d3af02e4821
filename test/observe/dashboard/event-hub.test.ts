import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLIENTS_MAX, EventHub, type EventStream } from '../../../src/observe/dashboard/event-hub.js';

interface Recorded extends EventStream {
  waiting: number;
  readonly seen: string[];
}

function stream(): Recorded {
  const seen: string[] = [];
  return {
    waiting: 0,
    seen,
    send: (event, data) => void seen.push(`${event} ${data}`),
    end: () => void seen.push('end'),
    cut: () => void seen.push('cut'),
  };
}

describe('the hub of event streams', () => {
  it('sends each event to everybody', () => {
    const hub = new EventHub();
    const both = [stream(), stream()];
    for (const one of both) hub.add(one);
    hub.broadcast('update', '{}');
    assert.deepEqual(
      both.map(({ seen }) => seen),
      [['update {}'], ['update {}']],
    );
  });

  it('takes no more than it can', () => {
    const hub = new EventHub();
    for (let i = 0; i < CLIENTS_MAX; i++) {
      assert.equal(hub.full, false);
      hub.add(stream());
    }
    assert.equal(hub.full, true);
  });

  it('drops whoever takes nothing for long, and keeps the one who catches up', () => {
    const hub = new EventHub();
    const [slow, late] = [stream(), stream()];
    hub.add(slow);
    hub.add(late);
    for (let i = 0; i < 40; i++) {
      slow.waiting = 1_000;
      late.waiting = i % 10 === 9 ? 0 : 1_000;
      hub.broadcast('update', '{}');
    }
    assert.equal(slow.seen.at(-1), 'cut');
    assert.equal(hub.clients, 1);
    assert.equal(late.seen.length, 40);
  });

  it('drops at once whoever lets much pile up', () => {
    const hub = new EventHub();
    const heavy = stream();
    heavy.waiting = 600_000;
    hub.add(heavy);
    hub.broadcast('update', '{}');
    assert.deepEqual(heavy.seen, ['cut']);
  });

  it('says goodbye to all when it closes and takes nobody afterwards', () => {
    const hub = new EventHub();
    const one = stream();
    hub.add(one);
    hub.close();
    assert.deepEqual(one.seen, ['end']);
    assert.deepEqual([hub.clients, hub.full], [0, true]);
  });
});
