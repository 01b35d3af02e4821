import { fork } from 'node:child_process';
import type { BenchContext } from '../context.js';
import { drainOnce } from '../stage/drain.js';
import type { BenchLanding } from '../stage/landing.js';
import type { Scene } from '../stage/stage.js';
import { number } from '../table.js';
import { type FromRival, RIVAL_PATHS, type RivalPath, type RivalPlan } from './rival-messages.js';
import { RIVAL_COLUMNS } from './tutorial.js';

/** Of the backlog, where the broker keeps more: the slowest rival takes a second for a few MB. */
const BYTES = { full: 600_000_000, quick: 40_000_000 } as const;

const NAMES: Readonly<Record<RivalPath, string>> = {
  kafkajs: 'tutorial: kafkajs + full decode + toObject + bs58 + multi-row INSERT',
  'node-rdkafka': 'node-rdkafka + full decode on the main thread + multi-row INSERT',
};

/** The same messages through what people use now, each from a cold start, and the rows held against the engine's. */
export async function rivals(context: BenchContext): Promise<void> {
  const stage = await context.stage();
  const scene = await stage.open({ name: 'rivals' });
  try {
    const [engine, landing] = await scene.startEngine();
    const bytes = context.options.quick ? BYTES.quick : BYTES.full;
    const drain = await drainOnce(stage, scene, engine, landing, bytes);
    await landing.assertExactly(scene.producer.newTrades);
    await engine.stop();
    const { newTrades: trades } = drain.sent;
    const { figures } = context;
    const speed = figures.add('rivals.engine.trades_s', trades / drain.seconds, 'trades/s', 'higher').value;
    const rows = [
      [
        'engine',
        number(speed),
        number(drain.sent.bytes / 1e6 / drain.seconds),
        number((drain.engineCpuSeconds * 1e6) / trades),
        '1',
        '',
      ],
    ];
    for (const path of RIVAL_PATHS) {
      context.progress.say(`rival: ${path}`);
      const outcome = await runRival(path, scene, `rival_${path.replaceAll('-', '_')}`);
      if (outcome.kind !== 'done') {
        context.remark(`rival ${path} was left out: ${outcome.text}`);
        continue;
      }
      const key = path.replaceAll('-', '_');
      await assertSameRows(landing, `rival_${key}`, path);
      const rival = figures.add(`rivals.${key}.trades_s`, trades / outcome.seconds, 'trades/s', 'higher').value;
      figures.add(`rivals.times_${key}`, speed / rival, '×', 'higher');
      const cpu = (outcome.cpuSeconds * 1e6) / trades;
      rows.push([
        NAMES[path],
        number(rival),
        number(drain.sent.bytes / 1e6 / outcome.seconds),
        number(cpu),
        number(speed / rival),
        'equal',
      ]);
    }
    context.table({
      title: `The same ${number(drain.sent.bytes / 1e6)} MB with ${number(trades)} new trades, from a cold start`,
      head: ['', 'trades/s', 'MB/s', 'CPU µs/trade', '× slower', 'rows'],
      rows,
      note: `Rows are compared in ${RIVAL_COLUMNS.length} columns that need no rule beyond reading the field. Rivals keep no position and price nothing.`,
    });
  } finally {
    await scene.close();
  }
}

function runRival(path: RivalPath, scene: Scene, table: string): Promise<FromRival> {
  const { kafka, topic, engineEnv } = scene.topic;
  const plan: RivalPlan = {
    path,
    brokers: engineEnv.KAFKA_BROKERS ?? '',
    kafka,
    topic,
    ranges: [...scene.producer.ends].map(([partition, to]) => ({ partition, from: 0, to })),
    databaseUrl: scene.databaseUrl,
    table,
  };
  const child = fork(new URL('./rival-process.js', import.meta.url), [], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise((resolve) => {
    child.once('message', (message: FromRival) => resolve(message));
    child.once('exit', (code, signal) =>
      resolve({ kind: 'failed', text: `it ended with ${signal ?? `exit code ${code}`}` }),
    );
    child.send(plan);
  });
}

/** Throws where a rival's rows are not the engine's. */
async function assertSameRows(landing: BenchLanding, table: string, path: string): Promise<void> {
  const columns = RIVAL_COLUMNS.map(([name]) => name).join(', ');
  const [ours, theirs] = [`SELECT ${columns} FROM solana_dex_trades`, `SELECT ${columns} FROM ${table}`];
  const rows = await landing.query(`(${ours} EXCEPT ${theirs}) UNION ALL (${theirs} EXCEPT ${ours}) LIMIT 4`);
  if (rows.length > 0) throw new Error(`the rows of ${path} and of the engine differ: ${JSON.stringify(rows)}`);
}
