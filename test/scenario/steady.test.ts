import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { onScene, type Scene } from './scene.js';

const ROUNDS = 8;
/** Rounds after which everything that is opened once is open. */
const WARM = 3;

interface Sample {
  readonly files: number;
  readonly threads: number;
  readonly connections: number;
}

async function sample({ stage }: Scene, pid: number): Promise<Sample> {
  const [row] = await stage.database.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = $1',
    [stage.database.roles.engine],
  );
  return {
    files: readdirSync(`/proc/${pid}/fd`).length,
    threads: Number(/^Threads:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
    connections: row?.count ?? 0,
  };
}

test('an engine that lands on and on opens no more files, threads and connections, and nobody hears of leaking listeners', (context) =>
  onScene({}, async (scene) => {
    const { stage, send, endsClean } = scene;
    const engine = stage.engine();
    const samples: Sample[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await send(30);
      await stage.settled();
      samples.push(await sample(scene, engine.pid));
    }
    context.diagnostic(
      samples.map(({ files, threads, connections }) => `${files}/${threads}/${connections}`).join(' '),
    );
    const most = (part: readonly Sample[], of: (one: Sample) => number): number => Math.max(...part.map(of));
    for (const of of [(one: Sample) => one.files, (one: Sample) => one.threads, (one: Sample) => one.connections]) {
      // A connection of the moment may be there or not; a leak grows with each round.
      assert.ok(most(samples.slice(-WARM), of) <= most(samples.slice(0, -WARM), of) + 2, 'it grows with each round');
    }
    assert.doesNotMatch(engine.output, /MaxListenersExceeded/);
    await endsClean(engine);
  }));
