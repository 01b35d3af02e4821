import type pg from 'pg';
import type { Place } from '../../src/commands/demo/ledger.js';
import { type Change, isMove, readChanges } from './audit.js';
import type { Look, RunningRow } from './running-ledger.js';

/** Changes of one partition commit in the order of their ids; those of others may come in between, this many at most. */
const LATE_IDS_MAX = 10_000;

/** Lets rows be found by where they came from; without it every look reads the whole table. */
export async function installPlaceIndex(client: pg.Client): Promise<void> {
  await client.query('CREATE INDEX ledger_place ON solana_dex_trades (kafka_partition, kafka_offset)');
}

/** Reads looks for a running ledger, each from one snapshot; needs the audit. */
export class RunningReader {
  readonly #last = new Map<number, number>();
  #highest = 0;

  /** Throws where the database is away; the next look then shows all since the last that came. */
  async look(client: pg.Client): Promise<Look> {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const changes = await this.#newChanges(client);
    const stretches = stretchesOf(changes);
    const look = {
      changes,
      rows: await rowsOf(client, stretches),
      deadLetters: await deadLettersOf(client, stretches),
      beyond: await beyond(client),
    };
    await client.query('COMMIT');
    for (const { partition, id } of changes) {
      this.#last.set(partition, id);
      this.#highest = Math.max(this.#highest, id);
    }
    return look;
  }

  async #newChanges(client: pg.Client): Promise<Change[]> {
    const changes = await readChanges(client, this.#highest - LATE_IDS_MAX);
    return changes.filter(({ partition, id }) => id > (this.#last.get(partition) ?? 0));
  }
}

type Stretches = readonly [partitions: number[], froms: number[], tos: number[]];

function stretchesOf(changes: readonly Change[]): Stretches {
  const moves = changes.filter(isMove);
  return [moves.map(({ partition }) => partition), moves.map(({ from }) => from), moves.map(({ to }) => to)];
}

const STRETCHES = 'unnest($1::int[], $2::bigint[], $3::bigint[]) AS s (partition, low, high)';

async function rowsOf(client: pg.Client, stretches: Stretches): Promise<RunningRow[]> {
  const { rows } = await client.query({
    text: `SELECT t.kafka_partition, t.kafka_offset::float8, t.block_slot::float8, t.tx_index, t.trade_index,
             t.xmin::text::float8
           FROM ${STRETCHES}
           JOIN solana_dex_trades t
             ON t.kafka_partition = s.partition AND t.kafka_offset >= s.low AND t.kafka_offset < s.high`,
    values: [...stretches],
    rowMode: 'array',
  });
  return (rows as number[][]).map(([partition = 0, offset = 0, slot = 0, txIndex = 0, tradeIndex = 0, xid = 0]) => ({
    partition,
    offset,
    slot,
    txIndex,
    tradeIndex,
    xid,
  }));
}

async function deadLettersOf(client: pg.Client, stretches: Stretches): Promise<Place[]> {
  const { rows } = await client.query<Place>(
    `SELECT l.partition, l.kafka_offset::float8 AS offset FROM ${STRETCHES}
     JOIN ingest_dead_letters l ON l.partition = s.partition AND l.kafka_offset >= s.low AND l.kafka_offset < s.high`,
    [...stretches],
  );
  return rows;
}

async function beyond(client: pg.Client): Promise<Place[]> {
  const { rows } = await client.query<Place>(
    `SELECT t.kafka_partition AS partition, t.kafka_offset::float8 AS offset FROM kafka_offsets o
     JOIN solana_dex_trades t ON t.kafka_partition = o.partition AND t.kafka_offset >= o.next_offset
     UNION ALL
     SELECT l.partition, l.kafka_offset::float8 FROM kafka_offsets o
     JOIN ingest_dead_letters l ON l.partition = o.partition AND l.kafka_offset >= o.next_offset
     LIMIT 100`,
  );
  return rows;
}
