/** Copies the very rows that an engine landed into an empty table again: the limit of any engine on this database. */
import { once } from 'node:events';
import pg from 'pg';
import copyStreams from 'pg-copy-streams';
import { copyStatement, copyStream, TRADES_COLUMNS } from '../../src/sink/copy.js';
import { rowEnd } from '../../src/sink/rows.js';
import { TRADES } from '../../src/tables.js';
import type { FromRaw, RawCopyPlan, RawRun } from './raw-messages.js';

/** Of COPY's binary format: signature, flags, length of the extension. */
const HEADER_BYTES = 19;

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/** Encoded rows of the trades table in the order they landed. */
async function readBatches({ from, rowsMax, batchRows }: RawCopyPlan): Promise<Batch[]> {
  const client = await connect(from);
  const source = `(SELECT ${TRADES_COLUMNS} FROM ${TRADES.name} LIMIT ${rowsMax})`;
  const stream = client.query(copyStreams.to(`COPY ${source} TO STDOUT (FORMAT binary)`));
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  await client.end();
  const bytes = Buffer.concat(pieces);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const batches: Batch[] = [];
  const end = bytes.length - 2;
  for (let at = HEADER_BYTES; at < end; ) {
    const start = at;
    let rows = 0;
    for (; at < end && rows < batchRows; rows++) at = rowEnd(view, at);
    batches.push({ bytes: bytes.subarray(start, at), rows });
  }
  return batches;
}

interface Batch {
  readonly bytes: Uint8Array;
  readonly rows: number;
}

async function copyOnce(clients: readonly pg.Client[], batches: readonly Batch[]): Promise<RawRun> {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  let next = 0;
  await Promise.all(
    clients.map(async (client) => {
      for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) {
        await client.query('BEGIN');
        const stream = client.query(copyStreams.from(copyStatement(TRADES.name)));
        for (const piece of copyStream([batch.bytes])) stream.write(piece);
        stream.end();
        await once(stream, 'finish');
        await client.query('COMMIT');
      }
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  return {
    seconds: (performance.now() - startedMs) / 1_000,
    cpuSeconds: (user + system) / 1e6,
    bytes: batches.reduce((sum, batch) => sum + batch.bytes.length, 0),
    items: batches.reduce((sum, { rows }) => sum + rows, 0),
  };
}

/** Lets the parent look at the server's clock, and waits until it has. */
async function mark(round: number): Promise<void> {
  process.send?.({ mark: round } satisfies FromRaw);
  await once(process, 'message');
}

async function run(plan: RawCopyPlan): Promise<RawRun[]> {
  const batches = await readBatches(plan);
  const clients = await Promise.all(Array.from({ length: plan.lanes }, () => connect(plan.to)));
  const [first] = clients;
  await first!.query(
    'SELECT count(solana_dex_trades_add_partition(slot)) FROM (SELECT generate_series($1::bigint, $2::bigint, 216000) AS slot) AS slots',
    await slotRange(plan.from),
  );
  const runs: RawRun[] = [];
  for (let round = 0; round <= plan.rounds; round++) {
    await first!.query(`TRUNCATE ${TRADES.name}`);
    if (round > 0) await mark(round * 2 - 1);
    const one = await copyOnce(clients, batches);
    if (round > 0) await mark(round * 2);
    if (round > 0) runs.push(one);
  }
  for (const client of clients) await client.end();
  return runs;
}

async function slotRange(url: string): Promise<[number, number]> {
  const client = await connect(url);
  const { rows } = await client.query(
    `SELECT min(block_slot)::float8 AS low, max(block_slot)::float8 + 216000 AS high FROM ${TRADES.name}`,
  );
  await client.end();
  return [rows[0].low, rows[0].high];
}

process.once('message', (plan: RawCopyPlan) => {
  run(plan).then(
    (runs) => process.send?.({ runs }, () => process.exit(0)),
    (error: unknown) => process.send?.({ failed: String(error) }, () => process.exit(1)),
  );
});
