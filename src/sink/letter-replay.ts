import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.js';
import type { SlotHeader } from '../workers/messages.js';
import { prepareStaging, writeThroughStaging } from './attempt.js';
import { PartWork } from './batch-work.js';
import { classify, haltError, serverError } from './classify.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import { lockLetter, markFailed, markReplayedAndCommit } from './letter-marks.js';
import { landRow, rowFault } from './letter-row.js';
import { readLetter, type WholeLetter } from './letter-store.js';
import { partitionSlots, TradePartitions } from './partitions.js';
import { backoffMs } from './retry.js';
import { markOrphans, mergeHeaders, upsertSlots } from './slots.js';

export interface LetterFault {
  readonly errorClass: string;
  readonly errorText: string;
}

/** What the present decoder makes of a message. */
export interface DecodedLetter {
  /** Encoded COPY rows, end to end. */
  readonly trades: Uint8Array;
  readonly rows: number;
  readonly slots: readonly SlotHeader[];
  /** What of the message is still nothing to make a row of; null where all of it decodes. */
  readonly fault: LetterFault | null;
}

/** `connection` is for what the decoder asks the database of. */
export type DecodeLetter = (letter: WholeLetter, connection: Connection) => Promise<DecodedLetter>;

/**
 * What came of a replay. `rows` were inserted, `duplicates` were there already. `partly`: what decodes has landed, the
 * letter stays open for the rest. `done`: another replay was first. `gone`: nobody has the letter any more.
 */
export type LetterOutcome =
  | { readonly kind: 'replayed'; readonly rows: number; readonly duplicates: number }
  | ({ readonly kind: 'partly'; readonly rows: number; readonly duplicates: number } & LetterFault)
  | ({ readonly kind: 'failed' } & LetterFault)
  | { readonly kind: 'done' }
  | { readonly kind: 'gone' };

/** With the back-off between them about half a minute. */
const ATTEMPTS_MAX = 10;
/** An engine marks every second, and is done in no time. */
const MARK_TRIES = 20;
const MARK_WAIT_MS = 50;
/** Another replay has the letter, or an engine that lands the same transactions writes just now. */
const LOCK_TIMEOUT_MS = 10_000;

/**
 * Lands dead letters, each in one transaction: its rows, the way the engine lands repeats, and the mark that it has
 * landed, which is looked at under a lock before. So whatever is run at once or killed in between, a row lands once; and
 * as with the engine, the answer to a lost connection is to begin again and look.
 */
export class LetterReplayer {
  readonly #connections: Connections;
  readonly #decode: DecodeLetter;
  readonly #partitions = new TradePartitions();
  #connection: Connection | null = null;
  /** What the transaction says that was to be committed when the connection was lost. */
  #unanswered: LetterOutcome | null = null;

  constructor(connections: Connections, decode: DecodeLetter) {
    this.#connections = connections;
    this.#decode = decode;
  }

  /** Throws an EngineError that says what to do where the database, and not the letter, is in the way. */
  async replay(id: number): Promise<LetterOutcome> {
    this.#unanswered = null;
    for (let failures = 0; ; failures++) {
      try {
        return await this.#attempt(id);
      } catch (error) {
        this.#connection?.destroy();
        const kind = classify(error);
        if (kind === 'data' || kind === 'duplicate') return await this.#refused(id, error);
        if (kind === 'partition') this.#partitions.forget();
        const passes = kind === 'outage' || kind === 'contention' || kind === 'partition';
        if (!passes || failures === ATTEMPTS_MAX) throw haltError(error, `Replaying dead letter ${id}`);
        await sleep(backoffMs(failures, Math.random()));
      }
    }
  }

  async close(): Promise<void> {
    await this.#connection?.end();
  }

  async #attempt(id: number): Promise<LetterOutcome> {
    const connection = await this.#connected();
    const letter = await readLetter(connection, id);
    if (letter === null) return { kind: 'gone' };
    if (letter.status === 'replayed') return this.#unanswered ?? { kind: 'done' };
    const decoded = letter.payloadFormat === 'message' ? await this.#decode(letter, connection) : null;
    const fault = decoded === null ? rowFault(letter.payload) : decoded.fault;
    const empty = decoded === null || (decoded.rows === 0 && decoded.slots.length === 0);
    if (fault !== null && empty) return await fail(connection, id, fault);
    const trades = decoded?.trades ?? letter.payload;
    await this.#partitions.ensure(connection, partitionSlots(trades.length === 0 ? [] : [trades]));
    await prepareStaging(connection);
    await connection.script('BEGIN');
    const status = await lockLetter(connection, id);
    if (status === null || status === 'replayed') {
      await connection.script('ROLLBACK');
      return status === null ? { kind: 'gone' } : (this.#unanswered ?? { kind: 'done' });
    }
    const counts =
      decoded === null ? await landRow(connection, trades) : await landMessage(connection, letter, decoded);
    if (fault !== null) {
      await markFailed(connection, id, fault, counts.rows);
      await connection.script('COMMIT');
      return counts.rows === 0 ? { kind: 'failed', ...fault } : { kind: 'partly', ...counts, ...fault };
    }
    this.#unanswered = { kind: 'replayed', ...counts };
    await markReplayedAndCommit(connection, id, counts.rows);
    return this.#unanswered;
  }

  /** The database refuses a row of it, and with that the whole of it. */
  async #refused(id: number, error: unknown): Promise<LetterOutcome> {
    const errorClass = `sqlstate_${serverError(error)?.code ?? 'unknown'}`;
    return await fail(await this.#connected(), id, { errorClass, errorText: messageOf(error) });
  }

  async #connected(): Promise<Connection> {
    if (!this.#connection?.usable) {
      this.#connection = await this.#connections.open('replay', { lockTimeoutMs: LOCK_TIMEOUT_MS });
    }
    return this.#connection;
  }
}

async function fail(connection: Connection, id: number, fault: LetterFault): Promise<LetterOutcome> {
  await markFailed(connection, id, fault, 0);
  return { kind: 'failed', ...fault };
}

interface Counts {
  readonly rows: number;
  readonly duplicates: number;
}

/** A header that comes late tells which slots the chain passed by, and no engine looks so far back. */
async function landHeaders(connection: Connection, headers: readonly SlotHeader[]): Promise<void> {
  const [first] = headers;
  if (first === undefined) return;
  await upsertSlots(connection, headers);
  const range = { from: first.slot, to: headers.at(-1)?.slot ?? first.slot };
  for (let tries = 0; tries < MARK_TRIES && !(await markOrphans(connection, range)); tries++) await sleep(MARK_WAIT_MS);
}

async function landMessage(connection: Connection, letter: WholeLetter, decoded: DecodedLetter): Promise<Counts> {
  const { topic, partition, offset } = letter;
  const part = new PartWork({
    topic,
    partition,
    epoch: 0,
    from: offset,
    to: offset + 1,
    messages: 1,
    trades: [decoded.trades],
    tradeRows: decoded.rows,
    tradeBytes: decoded.trades.length,
    slots: decoded.slots,
    failures: [],
    oldestTimestampMs: -1,
    newestTimestampMs: -1,
  });
  const { counts } = await writeThroughStaging(connection, [part], () => {});
  await landHeaders(connection, mergeHeaders(decoded.slots));
  return { rows: counts[0]?.rowsInserted ?? 0, duplicates: counts[0]?.rowsDuplicate ?? 0 };
}
