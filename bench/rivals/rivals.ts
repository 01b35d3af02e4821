import { fork } from 'node:child_process';
import type { BenchContext } from '../context.js';
import { drainOnce } from '../stage/drain.js';
import type { BenchLanding } from '../stage/landing.js';
import type { Scene } from '../stage/stage.js';
import { number } from '../table.js';
import { type FromRival, RIVAL_PATHS, type RivalPath, type RivalPlan } from './rival-messages.js';
import { RIVAL_COLUMNS } from './tutorial.js';

/** Of the backlog, where the broker keeps more: the slowest rival takes a second for a few MB. */
const BYTES = { full: 600_000_000, quick: 50_000_000 } as const;
/** Backlogs the engine drains before, and messages a rival decodes before. */
const WARMUP = { full: { drains: 5, messages: 200 }, quick: { drains: 2, messages: 40 } } as const;

const WARMUP_BYTES = 50_000_000;

const NAMES: Readonly<Record<RivalPath, string>> = {
  kafkajs: 'tutorial: kafkajs + full decode + toObject + bs58 + multi-row INSERT',
  'node-rdkafka': 'node-rdkafka + full decode on the main thread + multi-row INSERT',
};

/** The same messages through what people use now, each warmed up, and the rows held against the engine's. */
export async function rivals(context: BenchContext): Promise<void> {
  const stage = await context.stage();
  const scene = await stage.open({ name: 'rivals' });
  try {
    const [engine, landing] = await scene.startEngine();
    const size = context.options.quick ? 'quick' : 'full';
    for (let round = 0; round < WARMUP[size].drains; round++) {
      await drainOnce(stage, scene, engine, landing, WARMUP_BYTES);
    }
    const starts = new Map(scene.producer.ends);
    const drain = await drainOnce(stage, scene, engine, landing, BYTES[size]);
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
      const outcome = await runRival(path, scene, starts, WARMUP[size].messages);
      if (outcome.kind !== 'done') {
        context.remark(`rival ${path} was left out: ${outcome.text}`);
        continue;
      }
      const key = path.replaceAll('-', '_');
      await assertSameRows(landing, path, starts);
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
      title: `The same ${number(drain.sent.bytes / 1e6)} MB with ${number(trades)} new trades, each path warmed up`,
      head: ['', 'trades/s', 'MB/s', 'CPU µs/trade', '× slower', 'rows'],
      rows,
      note: `Rows are compared in ${RIVAL_COLUMNS.length} columns that need no rule beyond reading the field. Rivals keep no position and price nothing.`,
    });
  } finally {
    await scene.close();
  }
}

function runRival(
  path: RivalPath,
  scene: Scene,
  starts: ReadonlyMap<number, number>,
  warmupMessages: number,
): Promise<FromRival> {
  const { kafka, topic, engineEnv } = scene.topic;
  const plan: RivalPlan = {
    path,
    brokers: engineEnv.KAFKA_BROKERS ?? '',
    kafka,
    topic,
    ranges: [...scene.producer.ends].map(([partition, to]) => ({ partition, from: starts.get(partition) ?? 0, to })),
    warmupMessages,
    databaseUrl: scene.databaseUrl,
    table: tableOf(path),
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

/** Throws where a rival's rows are not the engine's: it must hold all that came first in its stretch, and nothing else. */
async function assertSameRows(
  landing: BenchLanding,
  path: RivalPath,
  starts: ReadonlyMap<number, number>,
): Promise<void> {
  const columns = RIVAL_COLUMNS.map(([name]) => name).join(', ');
  const ours = `SELECT ${columns} FROM solana_dex_trades`;
  const theirs = `SELECT ${columns} FROM ${tableOf(path)}`;
  const stretch = `JOIN unnest($1::int[], $2::bigint[]) AS start (part, first) ON kafka_partition = part AND kafka_offset >= first`;
  const rows = await landing.query(
    `(${ours} ${stretch} EXCEPT ${theirs}) UNION ALL (${theirs} EXCEPT ${ours}) LIMIT 4`,
    [[...starts.keys()], [...starts.values()]],
  );
  if (rows.length > 0) throw new Error(`the rows of ${path} and of the engine differ: ${JSON.stringify(rows)}`);
}

function tableOf(path: RivalPath): string {
  return `rival_${path.replaceAll('-', '_')}`;
}
