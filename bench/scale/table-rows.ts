import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { BenchContext } from '../context.js';
import { type Drain, drainOnce } from '../stage/drain.js';
import type { BenchLanding } from '../stage/landing.js';
import { number } from '../table.js';
import { type Cost, costOf } from './cost.js';

const ROWS = { full: [0, 10_000_000, 50_000_000], quick: [0, 100_000] } as const;
const BYTES = { full: 1_000_000_000, quick: 80_000_000 } as const;
const ROUNDS = { full: 10, quick: 2 } as const;
const WARMUP = { full: 3, quick: 1 } as const;
/** A row with its key, and as much again for the log. */
const DISK_BYTES_PER_ROW = 1_200;
const CHUNK_ROWS = 500_000;

/** Landing into a table that holds nothing, ten and fifty million rows already: a day and more of the real stream. */
export async function scaleTable(context: BenchContext): Promise<void> {
  const size = context.options.quick ? 'quick' : 'full';
  const costs: [rows: number, Cost][] = [];
  for (const rows of ROWS[size]) {
    const { bavail, bsize } = await statfs(tmpdir());
    if (bavail * bsize < rows * DISK_BYTES_PER_ROW) {
      context.remark(`scale: no room on the disk for a table of ${number(rows)} rows`);
      continue;
    }
    costs.push([rows, await landInto(context, rows, size)]);
  }
  context.table({
    title: 'Cost of a trade against the rows in the table',
    head: ['rows before', 'trades/s', 'engine µs/trade', 'PostgreSQL µs/trade'],
    rows: costs.map(([rows, cost]) => {
      context.figures.add(
        `scale.table.rows_${rows}_us`,
        cost.engineMicros + (cost.databaseMicros ?? 0),
        'µs/trade',
        'lower',
      );
      const database = cost.databaseMicros === null ? '' : number(cost.databaseMicros);
      return [number(rows), number(cost.tradesPerSecond), number(cost.engineMicros), database];
    }),
  });
}

async function landInto(context: BenchContext, rows: number, size: 'full' | 'quick'): Promise<Cost> {
  const stage = await context.stage();
  const scene = await stage.open({ name: `scale-table-${rows}` });
  try {
    const [engine, landing] = await scene.startEngine();
    for (let round = 0; round < WARMUP[size]; round++) await drainOnce(stage, scene, engine, landing, BYTES[size]);
    const filled = await fill(context, landing, rows);
    const drains: Drain[] = [];
    for (let round = 0; round < ROUNDS[size]; round++) {
      drains.push(await drainOnce(stage, scene, engine, landing, BYTES[size]));
    }
    await landing.assertExactly(scene.producer.newTrades + filled);
    await engine.stop();
    return costOf(drains);
  } finally {
    await scene.close();
  }
}

/** Copies what has landed into earlier and earlier slots, in the very partition that is written to as far as it reaches. */
async function fill(context: BenchContext, landing: BenchLanding, rows: number): Promise<number> {
  if (rows === 0) return 0;
  context.progress.say(`fills the table with ${number(rows)} rows`);
  const [sample] = await landing.query(
    'SELECT count(*)::float8 AS rows, min(block_slot)::float8 AS low, max(block_slot)::float8 AS high FROM solana_dex_trades',
  );
  const width = sample!.high - sample!.low + 1;
  const copies = Math.ceil(rows / sample!.rows);
  const lowest = sample!.low - copies * width;
  await landing.query(
    'SELECT count(solana_dex_trades_add_partition(slot)) FROM (SELECT generate_series($1::bigint, $2::bigint, 216000) AS slot) AS slots',
    [lowest, sample!.low],
  );
  const { rows: columns } = { rows: await landing.query(COLUMNS) };
  const others = columns.map((row) => row.name as string).join(', ');
  await landing.query(`CREATE TEMPORARY TABLE sample AS SELECT block_slot, ${others} FROM solana_dex_trades`);
  const chunk = Math.max(1, Math.floor(CHUNK_ROWS / sample!.rows));
  for (let from = 1; from <= copies; from += chunk) {
    await landing.query(
      `INSERT INTO solana_dex_trades (block_slot, ${others})
       SELECT block_slot - copy * $1::bigint, ${others} FROM generate_series($2::int, $3::int) AS copy, sample`,
      [width, from, Math.min(from + chunk - 1, copies)],
    );
  }
  await landing.query('DROP TABLE sample');
  await landing.query('CHECKPOINT');
  return copies * sample!.rows;
}

const COLUMNS = `SELECT attname AS name FROM pg_attribute
  WHERE attrelid = 'solana_dex_trades'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname <> 'block_slot'`;
