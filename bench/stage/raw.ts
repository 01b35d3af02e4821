import { fork } from 'node:child_process';
import { migrate } from '../../src/sink/migrate.js';
import type { FromRaw, RawCopyPlan, RawDrainPlan, RawRun } from './raw-messages.js';
import type { Scene, Stage } from './stage.js';

export type { RawRun } from './raw-messages.js';

/** The topic of a scene as the broker still holds it, drained and dropped. */
export function rawDrain(scene: Scene, rounds: number): Promise<readonly RawRun[]> {
  const { kafka, topic, partitions } = scene.topic;
  const plan: RawDrainPlan = { kafka, topic, partitions, rounds };
  return runProcess('./raw-drain-process.js', plan, () => {});
}

export interface RawCopyRun extends RawRun {
  /** CPU seconds of the server, null where it is not ours. */
  readonly serverCpuSeconds: number | null;
}

export interface RawCopyOptions {
  readonly rounds: number;
  /** Rows of a transaction. */
  readonly batchRows: number;
  readonly rowsMax: number;
  /** Connections that copy at the same time. */
  readonly lanes: number;
}

/** The rows that landed in a scene, copied into an empty database. */
export async function rawCopy(stage: Stage, scene: Scene, options: RawCopyOptions): Promise<RawCopyRun[]> {
  const to = await stage.database.createDatabase('bench_raw_copy');
  try {
    await migrate(to);
    const marks: (number | null)[] = [];
    const plan: RawCopyPlan = { from: scene.databaseUrl, to, ...options };
    const runs = await runProcess('./raw-copy-process.js', plan, () => marks.push(stage.database.cpuSeconds()));
    return runs.map((run, round) => {
      const [before, after] = [marks[round * 2], marks[round * 2 + 1]];
      return { ...run, serverCpuSeconds: before == null || after == null ? null : after - before };
    });
  } finally {
    await stage.database.dropDatabase('bench_raw_copy');
  }
}

function runProcess(file: string, plan: object, onMark: () => void): Promise<readonly RawRun[]> {
  const child = fork(new URL(file, import.meta.url), [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  return new Promise((resolve, reject) => {
    child.on('message', (message: FromRaw) => {
      if ('runs' in message) resolve(message.runs);
      else if ('failed' in message) reject(new Error(`${file} failed: ${message.failed}`));
      else {
        onMark();
        child.send('go');
      }
    });
    child.once('exit', (code) => reject(new Error(`${file} ended with exit code ${code}`)));
    child.send(plan);
  });
}
