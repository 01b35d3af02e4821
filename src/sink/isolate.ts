import { messageOf } from '../errors.js';
import { prepareStaging, writeDirectly, writeThroughStaging } from './attempt.js';
import { type BatchWork, PartWork } from './batch-work.js';
import { classify, haltError, serverError } from './classify.js';
import type { Connections } from './connections.js';
import type { Retrier } from './retry.js';
import { type RowPlace, rowSource } from './rows.js';

interface LocatedRow {
  readonly part: PartWork;
  readonly place: RowPlace;
  readonly bytes: Uint8Array;
}

/**
 * Finds the row the database refuses, so that it alone becomes a dead letter.
 *
 * The server names the row in the error's context. Where it does not (a row refused on its way out of staging), the
 * smallest failing head of the batch is searched by halves, in transactions that are rolled back. Either way a row is
 * rejected only when it fails on its own.
 */
export class RowIsolator {
  readonly #connections: Connections;
  readonly #retrier: Retrier;

  constructor(connections: Connections, retrier: Retrier) {
    this.#connections = connections;
    this.#retrier = retrier;
  }

  /** Rejects one row of the work, or sends the batch through staging to find it there; throws where there is none. */
  async reject(work: BatchWork, error: unknown, signal: AbortSignal): Promise<void> {
    const line = copyLine(serverError(error)?.where);
    if (line !== null && (await this.#rejectIfFailing(locate(work, line), signal))) return;
    if (!work.staging) {
      work.staging = true;
      return;
    }
    const row = await this.#search(work, signal);
    if (row !== null && (await this.#rejectIfFailing(row, signal))) return;
    throw haltError(error, 'A write to the database');
  }

  async #rejectIfFailing(row: LocatedRow | null, signal: AbortSignal): Promise<boolean> {
    if (row === null) return false;
    const error = await this.#probe([alone(row)], false, signal);
    if (error === null) return false;
    const { offset } = rowSource(row.bytes);
    const { topic, partition } = row.part.part;
    row.part.reject({
      place: row.place,
      letter: {
        topic,
        partition,
        offset,
        timestampMs: -1,
        key: null,
        payload: row.bytes,
        payloadFormat: 'copy-row',
        stage: 'sink',
        errorClass: `sqlstate_${serverError(error)?.code ?? 'unknown'}`,
        errorText: messageOf(error),
      },
    });
    return true;
  }

  /** The last row of the smallest head that fails, null where the whole does not. */
  async #search(work: BatchWork, signal: AbortSignal): Promise<LocatedRow | null> {
    let good = 0;
    let bad = work.open().reduce((sum, { rows }) => sum + rows, 0);
    if ((await this.#probe(head(work, bad), true, signal)) === null) return null;
    while (bad - good > 1) {
      const middle = Math.floor((good + bad) / 2);
      if ((await this.#probe(head(work, middle), true, signal)) === null) good = middle;
      else bad = middle;
    }
    return locate(work, bad);
  }

  /** The data error that writing the rows gives, null where it gives none. Nothing is kept. */
  async #probe(parts: readonly PartWork[], staging: boolean, signal: AbortSignal): Promise<unknown> {
    return this.#retrier.run('Looking for the row that the database refuses', signal, async () => {
      const connection = await this.#connections.open('probe', { signal });
      try {
        if (staging) await prepareStaging(connection);
        await connection.script('BEGIN');
        await (staging ? writeThroughStaging : writeDirectly)(connection, parts, () => {});
        return null;
      } catch (error) {
        const kind = classify(error);
        if (kind === 'data') return error;
        if (kind === 'duplicate') return null;
        throw error;
      } finally {
        connection.destroy();
      }
    });
  }
}

/** The line in "COPY solana_dex_trades, line 17, column price", in whatever language. */
function copyLine(where: string | undefined): number | null {
  const match = /^COPY [^,\n]+, \D+(\d+)/m.exec(where ?? '');
  return match === null ? null : Number(match[1]);
}

/** The row that is copied as the `line`th, from 1. */
function locate(work: BatchWork, line: number): LocatedRow | null {
  let before = 0;
  for (const part of work.open()) {
    if (line > before + part.rows) {
      before += part.rows;
      continue;
    }
    for (const place of part.places()) {
      if (++before === line) return { part, place, bytes: bytesAt(part, place) };
    }
  }
  return null;
}

function bytesAt(part: PartWork, place: RowPlace): Uint8Array {
  return (part.part.trades[place.chunk] as Uint8Array).subarray(place.start, place.end);
}

function alone(row: LocatedRow): PartWork {
  return new PartWork({ ...row.part.part, trades: [row.bytes], tradeRows: 1 });
}

/** The first `rows` rows of the batch. */
function head(work: BatchWork, rows: number): PartWork[] {
  const out: PartWork[] = [];
  let left = rows;
  for (const part of work.open()) {
    const trades: Uint8Array[] = [];
    const taken = Math.min(left, part.rows);
    left -= taken;
    let count = 0;
    for (const place of part.places()) {
      if (count++ === taken) break;
      trades.push(bytesAt(part, place));
    }
    out.push(new PartWork({ ...part.part, trades, tradeRows: taken }));
  }
  return out;
}
