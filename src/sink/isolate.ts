import { messageOf } from '../errors.js';
import { writeDirectly } from './attempt.js';
import { type BatchWork, PartWork } from './batch-work.js';
import { classify, haltError, serverError } from './classify.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import { copyLine, findRefused, type Refusal } from './refused-rows.js';
import type { Retrier } from './retry.js';
import { type RowPlace, rowSource } from './rows.js';

interface LocatedRow {
  readonly part: PartWork;
  readonly place: RowPlace;
  readonly bytes: Uint8Array;
}

/**
 * Finds the rows the database refuses, so that they alone become dead letters.
 *
 * The server names the first in the error's context: it is tried alone, and mostly it is the only one. Where it is not, or
 * the server names none (a row refused on its way out of staging), all rows are tried one by one on the server, on one
 * connection, in a transaction that is rolled back. Either way a row is rejected only when it fails on its own.
 */
export class RowIsolator {
  readonly #connections: Connections;
  readonly #retrier: Retrier;

  constructor(connections: Connections, retrier: Retrier) {
    this.#connections = connections;
    this.#retrier = retrier;
  }

  /** Rejects at least one row of the work; throws where there is none to blame. */
  async reject(work: BatchWork, error: unknown, signal: AbortSignal): Promise<void> {
    const rows = [...rowsOf(work)];
    const line = copyLine(serverError(error)?.where);
    const named = line === null ? undefined : rows[line - 1];
    let refusals: Refusal[] = [];
    if (named !== undefined && work.rejectedRows === 0) {
      const refusal = await this.#probe(signal, (connection) => tryAlone(connection, named));
      if (refusal !== null) refusals = [{ ...refusal, index: rows.indexOf(named) }];
    }
    if (refusals.length === 0) {
      const bytes = rows.map((row) => row.bytes);
      refusals = await this.#probe(signal, (connection) => findRefused(connection, bytes));
    }
    if (refusals.length === 0) throw haltError(error, 'A write to the database');
    for (const refusal of refusals) rejectRow(rows[refusal.index] as LocatedRow, refusal);
  }

  /** The answer of a look at rows that keeps nothing, on a connection of its own. */
  async #probe<T>(signal: AbortSignal, look: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#retrier.run('Looking for rows that the database refuses', signal, async () => {
      const connection = await this.#connections.open('probe', { signal });
      const abort = (): void => connection.destroy('The write was given up');
      signal.addEventListener('abort', abort);
      try {
        signal.throwIfAborted();
        return await look(connection);
      } finally {
        signal.removeEventListener('abort', abort);
        connection.destroy();
      }
    });
  }
}

/** The data error that writing the row alone gives, null where it gives none. */
async function tryAlone(connection: Connection, row: LocatedRow): Promise<Refusal | null> {
  const part = new PartWork({ ...row.part.part, trades: [row.bytes], tradeRows: 1 });
  try {
    await connection.script('BEGIN');
    await writeDirectly(connection, [part], () => {});
    return null;
  } catch (error) {
    const kind = classify(error);
    if (kind === 'data') return { index: 0, sqlState: serverError(error)?.code ?? 'unknown', text: messageOf(error) };
    if (kind === 'duplicate') return null;
    throw error;
  }
}

function rejectRow({ part, place, bytes }: LocatedRow, { sqlState, text }: Refusal): void {
  const { topic, partition } = part.part;
  part.reject({
    place,
    letter: {
      topic,
      partition,
      offset: rowSource(bytes).offset,
      timestampMs: -1,
      key: null,
      payload: bytes,
      payloadFormat: 'copy-row',
      stage: 'sink',
      errorClass: `sqlstate_${sqlState}`,
      errorText: text,
    },
  });
}

/** Rows as they are copied, in order. */
function* rowsOf(work: BatchWork): Generator<LocatedRow> {
  for (const part of work.open()) {
    for (const place of part.places()) {
      const chunk = part.part.trades[place.chunk] as Uint8Array;
      yield { part, place, bytes: chunk.subarray(place.start, place.end) };
    }
  }
}
