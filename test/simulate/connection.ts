import { EngineError } from '../../src/errors.js';
import type { ConnectionOptions } from '../../src/sink/connection.js';
import { HeldError } from './database.js';
import type { ModelServer, Network } from './server.js';
import { Session, type Statement } from './session.js';
import { type Answer, execute, isCommit, nameOf } from './statements.js';
import type { Timer } from './virtual-time.js';

/** A statement waits this long for another transaction before the server calls it a deadlock, ms. */
const DEADLOCK_MS = 1_000;
const LOCK_LOOK_MS = 10;

interface Asked {
  readonly statement: Statement;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  watchdog: Timer | null;
}

/**
 * The client's end of a connection, in the place of the real one: statements travel to the session and answers back, in
 * order, and each may be lost on its way or come late.
 */
export class ModelConnection {
  readonly #server: ModelServer;
  readonly #network: Network;
  readonly #session: Session;
  readonly #stallTimeoutMs: number;
  #asked: Asked[] = [];
  #usable = true;
  #arrivesMs = 0;
  /** Statements reach the session in order: the next one starts when the one before is done. */
  #line: (() => void)[] = [];
  #busy = false;

  constructor(server: ModelServer, network: Network, options: ConnectionOptions) {
    this.#server = server;
    this.#network = network;
    this.#stallTimeoutMs = options.stallTimeoutMs;
    this.#session = new Session(server.nextPid(), network.owner, server.database);
    server.connected(this, this.#session);
  }

  get pid(): number {
    return this.#session.pid;
  }

  get usable(): boolean {
    return this.#usable;
  }

  async rows(text: string, values: readonly unknown[] = []): Promise<Answer> {
    return this.#ask({ text, values, chunks: null });
  }

  async script(text: string): Promise<Answer> {
    return this.#ask({ text, values: [], chunks: null });
  }

  async copyIn(text: string, chunks: readonly Uint8Array[]): Promise<Answer> {
    return this.#ask({ text, values: [], chunks });
  }

  /** What is under way to the server still gets there. */
  destroy(reason?: string): void {
    if (!this.#usable) return;
    this.#close(reason);
    this.#network.trace(() => `closes connection ${this.pid}${reason === undefined ? '' : `: ${reason}`}`);
    this.#server.abandoned(this.#session);
  }

  async end(): Promise<void> {
    this.destroy();
  }

  /** The network or the server went away. */
  cut(): void {
    this.#close();
    if (this.#session.alive) this.#session.end();
  }

  #close(reason?: string): void {
    this.#usable = false;
    const error =
      reason === undefined
        ? new Error('Connection terminated unexpectedly')
        : new EngineError('DATABASE_UNREACHABLE', reason, { canRetry: true });
    for (const { reject, watchdog } of this.#asked.splice(0)) {
      if (watchdog !== null) watchdog.cancelled = true;
      reject(error);
    }
  }

  #ask(statement: Statement): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (!this.#usable) return reject(new Error('Client has encountered a connection error and is not queryable'));
      const asked: Asked = { statement, resolve, reject, watchdog: null };
      this.#asked.push(asked);
      asked.watchdog = this.#network.io(this.#stallTimeoutMs, () => {
        if (this.#asked.includes(asked)) this.destroy(`the database made no progress for ${this.#stallTimeoutMs} ms`);
      });
      this.#send(asked);
    });
  }

  #send(asked: Asked): void {
    const fate = isCommit(asked.statement) ? this.#server.fateOfCommit() : null;
    if (fate?.kind === 'lose-request') {
      this.#network.trace(() => `connection ${this.pid} is cut before its COMMIT arrives`);
      this.#server.after(this.#network.latency(), () => this.cut());
      return;
    }
    let travelMs = this.#network.latency();
    if (fate?.kind === 'late-commit') {
      this.#network.trace(
        () => `COMMIT of connection ${this.pid} is ${fate.byMs} ms under way, and the client is told it is cut`,
      );
      this.#server.after(travelMs, () => this.#close());
      travelMs += fate.byMs;
    }
    this.#arrivesMs = Math.max(this.#arrivesMs, this.#server.nowMs + travelMs);
    this.#server.after(this.#arrivesMs - this.#server.nowMs, () => {
      this.#line.push(() => this.#execute(asked, fate?.kind === 'lose-answer'));
      this.#next();
    });
  }

  #next(): void {
    if (this.#busy) return;
    const run = this.#line.shift();
    if (run === undefined) return;
    this.#busy = true;
    run();
  }

  #execute(asked: Asked, answerLost: boolean, waitedMs = 0): void {
    if (!this.#session.alive) return;
    let answer: Answer | Error;
    try {
      this.#session.waitsFor = null;
      this.#server.mayRefuse();
      answer = execute(this.#session, asked.statement, this.#server.clockMs);
    } catch (error) {
      if (error instanceof HeldError && waitedMs < DEADLOCK_MS) {
        this.#session.waitsFor = error.holder;
        this.#server.after(LOCK_LOOK_MS, () => this.#execute(asked, answerLost, waitedMs + LOCK_LOOK_MS));
        return;
      }
      answer = error instanceof HeldError ? this.#server.fault('40P01') : (error as Error);
      this.#session.rollback();
    }
    this.#network.trace(
      () =>
        `${nameOf(asked.statement)}${answer instanceof Error ? ` fails: ${answer.message}` : ''} (connection ${this.pid})`,
    );
    this.#busy = false;
    if (answerLost) {
      this.#network.trace(() => `connection ${this.pid} is cut before the answer to its COMMIT`);
      this.cut();
    } else {
      this.#network.io(this.#network.latency(), () => this.#answer(asked, answer));
    }
    this.#next();
  }

  #answer(asked: Asked, answer: Answer | Error): void {
    const at = this.#asked.indexOf(asked);
    if (at < 0) return;
    this.#asked.splice(at, 1);
    if (asked.watchdog !== null) asked.watchdog.cancelled = true;
    if (answer instanceof Error) asked.reject(answer);
    else asked.resolve(answer);
  }
}
