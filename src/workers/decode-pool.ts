import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { EngineError, invariant, messageOf } from '../errors.js';
import { containerLimits, decodeThreads, workerHeapMb } from './cgroup.js';
import type { SlabResult, SlabTask } from './messages.js';
import type { SlabOptions } from './slab.js';

export interface DecodePoolOptions extends SlabOptions {
  /** Decode threads; 0 takes one less than the CPU quota. */
  readonly threads: number;
  /** A task that a thread works on for longer has its thread replaced. */
  readonly taskTimeoutMs: number;
  /** A thread that is not ready after this long counts as dead. */
  readonly bootTimeoutMs?: number;
  /** The worker's module, a file that exports `decode`. */
  readonly workerFile?: string | URL;
  /** Heap of one worker in MiB; by default a share of the container's memory. */
  readonly heapMb?: number;
}

/** Slabs per thread that may wait: one, so that a thread which finishes has the next at once. */
const WAITING_PER_THREAD = 1;
const BOOT_TIMEOUT_MS = 30_000;
/** Piscinas replaced in a row, with no slab decoded between, before we say that workers cannot boot. */
const MENDS_MAX = 3;
const WORKER_FILE = new URL('./decode-worker.js', import.meta.url);

interface Waiting {
  readonly task: SlabTask;
  readonly resolve: (result: SlabResult) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The decode threads. Tasks start in the order they come. A task whose thread dies or overstays is rejected, its
 * buffers are gone with the thread, and the pool goes on with a new thread.
 *
 * The queue is ours and piscina's stays empty: the time limit of a task counts from when a thread that is ready takes
 * it, and piscina does not tell when that is. Nor does piscina start threads again once one has died while booting;
 * then we replace piscina itself, a few times in a row at most.
 */
export class DecodePool {
  readonly threads: number;
  /** Tasks that may be in flight; `run` refuses more. */
  readonly capacity: number;
  readonly #options: DecodePoolOptions;
  readonly #waiting: Waiting[] = [];
  #piscina: Piscina<SlabTask, SlabResult>;
  #busy = 0;
  #restarts = 0;
  #mends = 0;
  #bootTimer: NodeJS.Timeout | undefined;
  #state: 'booting' | 'running' | 'broken' | 'closed' = 'booting';

  /** Resolves when every thread has booted; rejects with WORKER_BOOT where one cannot. */
  static async start(options: DecodePoolOptions): Promise<DecodePool> {
    const pool = new DecodePool(options);
    await pool.#boot();
    return pool;
  }

  private constructor(options: DecodePoolOptions) {
    this.#options = options;
    this.threads = decodeThreads(options.threads, containerLimits());
    this.capacity = this.threads * (1 + WAITING_PER_THREAD);
    this.#piscina = this.#createPiscina();
  }

  /** Tasks that a thread works on. */
  get busy(): number {
    return this.#busy;
  }

  /** Tasks that wait for a thread. */
  get queued(): number {
    return this.#waiting.length;
  }

  get inFlight(): number {
    return this.#busy + this.#waiting.length;
  }

  /** Threads that died or were ended, and were replaced. */
  get restarts(): number {
    return this.#restarts;
  }

  /**
   * Decodes a slab; its buffers are moved and no longer ours. Rejects with WORKER_CRASHED or WORKER_TIMEOUT, whose
   * cause carries the worker's stack, or with WORKER_BOOT once threads cannot be replaced any more. The caller keeps
   * within {@link capacity}.
   */
  async run(task: SlabTask): Promise<SlabResult> {
    invariant(this.inFlight < this.capacity, `the decode pool holds ${this.capacity} slabs and was given one more`);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, resolve, reject });
      this.#dispatch();
    });
  }

  /** Ends the threads. Tasks still in flight are rejected. */
  async close(): Promise<void> {
    this.#state = 'closed';
    clearTimeout(this.#bootTimer);
    this.#dispatch();
    this.#piscina.options.minThreads = 0; // else one thread's late end would start another, which nobody ends
    await this.#piscina.destroy();
  }

  #dispatch(): void {
    if (this.#state === 'broken' || this.#state === 'closed') {
      const error =
        this.#state === 'closed'
          ? crashed(new Error('the decode pool is closed'))
          : new EngineError('WORKER_BOOT', 'Decode workers die before they are ready.');
      for (const { reject } of this.#waiting.splice(0)) reject(error);
      return;
    }
    while (this.#busy < this.threads && this.#piscina.idleThreads > 0) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#busy += 1;
      this.#execute(next.task, this.#options.taskTimeoutMs)
        .finally(() => {
          this.#busy -= 1;
          this.#dispatch();
        })
        .then(next.resolve, next.reject);
    }
  }

  async #execute(task: SlabTask, timeoutMs: number): Promise<SlabResult> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    const transferList = [task.packed.buffer, task.index.buffer, ...task.large.map((value) => value.buffer)];
    try {
      const result = await this.#piscina.run(task, { transferList, signal: timeout.signal });
      this.#mends = 0;
      return result;
    } catch (error) {
      if (!timeout.signal.aborted) throw crashed(error);
      const text = `A decode worker was ended after ${timeoutMs} ms on one slab.`;
      throw new EngineError('WORKER_TIMEOUT', text, { canRetry: true, cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * One task without messages for each thread: each goes to its own thread, and fails where that thread does not
   * boot.
   */
  async #boot(): Promise<void> {
    const timeoutMs = this.#options.bootTimeoutMs ?? BOOT_TIMEOUT_MS;
    const boots = Array.from({ length: this.threads }, () => this.#execute(emptyTask(), timeoutMs));
    try {
      await Promise.all(boots);
    } catch (error) {
      // Ended while it throws out of its loading, a thread takes node 20 down; broken ones fail by themselves.
      await Promise.allSettled(boots);
      await this.close();
      const late = error instanceof EngineError && error.code === 'WORKER_TIMEOUT';
      const cause = error instanceof EngineError ? error.cause : error;
      const reason = late ? `it was not ready after ${timeoutMs} ms` : messageOf(cause);
      throw new EngineError('WORKER_BOOT', `A decode worker cannot start: ${reason}`, { cause });
    }
    this.#state = 'running';
  }

  #createPiscina(): Piscina<SlabTask, SlabResult> {
    const { messageMaxBytes, workerFile = WORKER_FILE } = this.#options;
    const heapMb = this.#options.heapMb ?? workerHeapMb(this.threads, containerLimits());
    const piscina = new Piscina<SlabTask, SlabResult>({
      filename: fileURLToPath(workerFile),
      name: 'decode',
      minThreads: this.threads,
      maxThreads: this.threads,
      maxQueue: this.threads, // never used: see above
      concurrentTasksPerWorker: 1,
      stricterFIFO: true,
      atomics: 'sync', // an idle worker sleeps in Atomics.wait and wakes without its event loop; it has no timers to starve
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
      workerData: { messageMaxBytes } satisfies SlabOptions,
    });
    piscina.on('workerCreate', () => queueMicrotask(() => this.#threadReady())); // it counts as idle right after this
    piscina.on('workerDestroy', () => this.#threadLost(piscina));
    piscina.on('error', () => {}); // of a thread without a task, which 'workerDestroy' tells as well
    return piscina;
  }

  #threadReady(): void {
    if (this.#isWhole()) clearTimeout(this.#bootTimer);
    this.#dispatch();
  }

  #isWhole(): boolean {
    return this.#busy + this.#piscina.idleThreads >= this.threads;
  }

  #threadLost(piscina: Piscina): void {
    if (this.#state !== 'running' || piscina !== this.#piscina) return;
    this.#restarts += 1;
    clearTimeout(this.#bootTimer);
    this.#bootTimer = setTimeout(() => this.#mend(false), this.#options.bootTimeoutMs ?? BOOT_TIMEOUT_MS);
    // Piscina starts the new thread right after it has told of the old one.
    queueMicrotask(() => {
      if (this.#piscina.threads.length < this.threads) this.#mend(true);
    });
  }

  /** Replaces piscina where it will not, or did not in time, replace a thread. */
  #mend(givenUp: boolean): void {
    if (this.#state !== 'running') return;
    if (!givenUp && this.#isWhole()) return;
    const broken = this.#piscina;
    void broken.close(); // what still runs there may finish
    if (this.#mends < MENDS_MAX) {
      this.#mends += 1;
      this.#piscina = this.#createPiscina();
    } else {
      this.#state = 'broken';
    }
    this.#dispatch();
  }
}

function emptyTask(): SlabTask {
  return {
    topic: '',
    partition: 0,
    messages: 0,
    index: new Float64Array(0),
    packed: new Uint8Array(0),
    large: [],
    run: 0,
    solVolume: { sol: 0, usd: 0, trades: 0 },
  };
}

function crashed(error: unknown): EngineError {
  const text = `A decode worker failed on a slab: ${messageOf(error)}`;
  return new EngineError('WORKER_CRASHED', text, { canRetry: true, cause: error });
}
