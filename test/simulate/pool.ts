import type { Decoder } from '../../src/engine-dispatch.js';
import { EngineError } from '../../src/errors.js';
import {
  type MessageFailure,
  type SlabResult,
  type SlabTask,
  TASK_COLUMN,
  TASK_STRIDE,
  TRANSACTION_COLUMN,
  TRANSACTION_STRIDE,
} from '../../src/workers/messages.js';
import type { PlannedMessage } from './plan.js';
import { encodeRows, ROW_BYTES, transactionKey } from './rows.js';
import type { Network } from './server.js';

interface Job {
  readonly task: SlabTask;
  readonly resolve: (result: SlabResult) => void;
  readonly reject: (error: Error) => void;
}

interface Given {
  readonly offset: number;
  readonly timestampMs: number;
  readonly message: PlannedMessage;
}

interface Worker {
  job: Job | null;
  /** Lives and dies with the thread: what it wrote rows of, by run of reading. */
  written: Map<string, { readonly offset: number; readonly variant: number }>;
  /** Jobs begun, so that the end of one that was given up is told from the next one's. */
  turn: number;
}

export interface PoolOptions {
  readonly threads: number;
  readonly repeats: boolean;
  readonly network: Network;
  /** How long a slab takes, ms. */
  readonly workMs: () => number;
  readonly messageAt: (partition: number, offset: number, id: number | null) => PlannedMessage;
  readonly workerDied: (message: PlannedMessage) => void;
}

const TIMEOUT_MS = 120;

/**
 * Decode threads that take slabs in the order they come and end in any order. A worker with `repeats` leaves out the rows
 * of a transaction that it wrote at a lower offset of the same run.
 */
export class ModelPool implements Decoder {
  readonly threads: number;
  readonly capacity: number;
  readonly #options: PoolOptions;
  readonly #workers: Worker[];
  readonly #waiting: Job[] = [];

  constructor(options: PoolOptions) {
    this.#options = options;
    this.threads = options.threads;
    this.capacity = 2 * options.threads;
    this.#workers = Array.from({ length: options.threads }, () => ({ job: null, written: new Map(), turn: 0 }));
  }

  get inFlight(): number {
    return this.#waiting.length + this.#workers.filter(({ job }) => job !== null).length;
  }

  run(task: SlabTask): Promise<SlabResult> {
    if (this.inFlight >= this.capacity) throw new Error('the pool was given more slabs than it takes');
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, resolve, reject });
      this.#dispatch();
    });
  }

  /** Every thread that works dies. */
  crash(): void {
    for (const worker of this.#workers) if (worker.job !== null) this.#die(worker, 'WORKER_CRASHED');
  }

  /** What the window of one thread knows a run's transaction by. */
  windowKey(run: number, partition: number, transaction: string): string {
    return `${run} ${partition} ${transaction}`;
  }

  #dispatch(): void {
    const { network, workMs } = this.#options;
    for (const worker of this.#workers) {
      if (worker.job !== null) continue;
      const job = this.#waiting.shift();
      if (job === undefined) return;
      worker.job = job;
      worker.turn += 1;
      const { turn } = worker;
      const messages = this.#messagesOf(job.task);
      const poison = messages.find(({ message }) => message.kind === 'kills' || message.kind === 'hangs');
      const ms = poison?.message.kind === 'hangs' ? TIMEOUT_MS : workMs();
      network.io(ms, () => {
        if (worker.turn !== turn) return;
        if (poison !== undefined)
          this.#die(worker, poison.message.kind === 'hangs' ? 'WORKER_TIMEOUT' : 'WORKER_CRASHED');
        else this.#end(worker, (done) => done.resolve(this.#decode(done.task, messages, worker)));
      });
    }
  }

  #die(worker: Worker, code: 'WORKER_CRASHED' | 'WORKER_TIMEOUT'): void {
    const messages = this.#messagesOf(worker.job!.task);
    for (const { message } of messages) this.#options.workerDied(message);
    this.#options.network.trace(() => `a worker dies on ${placeOf(worker.job!.task.partition, messages)}`);
    worker.written = new Map();
    this.#end(worker, ({ reject }) => reject(new EngineError(code, 'a worker died', { canRetry: true })));
  }

  #end(worker: Worker, tell: (job: Job) => void): void {
    const { job } = worker;
    worker.job = null;
    worker.turn += 1;
    tell(job!);
    this.#dispatch();
  }

  #messagesOf(task: SlabTask): Given[] {
    return Array.from({ length: task.messages }, (_, i) => {
      const row = i * TASK_STRIDE;
      const at = (column: keyof typeof TASK_COLUMN) => task.index[row + TASK_COLUMN[column]]!;
      const buffer = at('buffer') === 0 ? task.packed : task.large[at('buffer') - 1]!;
      const id = at('length') < 4 ? null : new DataView(buffer.buffer, buffer.byteOffset + at('start')).getUint32(0);
      const message = this.#options.messageAt(task.partition, at('offset'), id);
      return { offset: at('offset'), timestampMs: at('timestampMs'), message };
    });
  }

  #decode(task: SlabTask, messages: readonly Given[], worker: Worker): SlabResult {
    const transactions: number[] = [];
    const failures: MessageFailure[] = [];
    const written: { transaction: PlannedMessage['transactions'][number]; offset: number }[] = [];
    let end = 0;
    for (const { offset, timestampMs, message } of messages) {
      if (message.kind === 'undecodable') {
        const payload = new Uint8Array(8);
        failures.push({ offset, timestampMs, key: null, payload, errorClass: 'truncated', errorText: 'cut off' });
        continue;
      }
      for (const transaction of message.transactions) {
        const start = end;
        if (!this.#isRepeat(worker, task, transaction, offset)) {
          written.push({ transaction, offset });
          end += transaction.trades * ROW_BYTES;
        }
        const row = new Array<number>(TRANSACTION_STRIDE);
        row[TRANSACTION_COLUMN.slot] = transaction.slot;
        row[TRANSACTION_COLUMN.txIndex] = transaction.txIndex;
        row[TRANSACTION_COLUMN.start] = start;
        row[TRANSACTION_COLUMN.end] = end;
        row[TRANSACTION_COLUMN.rows] = transaction.trades;
        row[TRANSACTION_COLUMN.fingerprint] = transaction.variant;
        row[TRANSACTION_COLUMN.offset] = offset;
        transactions.push(...row);
      }
    }
    const trades = new Uint8Array(end);
    let at = 0;
    for (const { transaction, offset } of written) {
      encodeRows(trades, at, transaction, task.partition, offset);
      at += transaction.trades * ROW_BYTES;
    }
    this.#options.network.trace(() => `has decoded ${placeOf(task.partition, messages)}: ${end / ROW_BYTES} rows`);
    return {
      messages: messages.length,
      emptyMessages: messages.filter(({ message }) => message.kind === 'null').length,
      trades,
      transactions: Float64Array.from(transactions),
      slots: [],
      failures,
      solVolume: { sol: 0, usd: 0, trades: 0 },
      busyMs: 0,
    };
  }

  #isRepeat(
    worker: Worker,
    task: SlabTask,
    transaction: PlannedMessage['transactions'][number],
    offset: number,
  ): boolean {
    if (!this.#options.repeats) return false;
    const key = this.windowKey(task.run, task.partition, transactionKey(transaction.slot, transaction.txIndex));
    const earlier = worker.written.get(key);
    if (earlier !== undefined && earlier.variant === transaction.variant && earlier.offset <= offset) return true;
    worker.written.set(key, { offset, variant: transaction.variant });
    return false;
  }
}

function placeOf(partition: number, messages: readonly { offset: number }[]): string {
  const first = messages[0]!.offset;
  const last = messages.at(-1)!.offset;
  return `${partition}@${first}${last === first ? '' : ` to ${last}`}`;
}
