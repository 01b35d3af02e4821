import type { ConnectionOptions } from '../../src/sink/connection.js';
import { ModelConnection } from './connection.js';
import { type ModelDatabase, ServerFault } from './database.js';
import type { Session } from './session.js';
import type { Timer, VirtualTime } from './virtual-time.js';

/** An engine's way to the database. */
export interface Network {
  readonly owner: string;
  /** Dead processes open no connection and get no answer. */
  readonly dead: boolean;
  latency(): number;
  /** Runs in the engine after so long, later where it is frozen, never where it is dead. */
  io(ms: number, run: () => void): Timer;
  trace(text: () => string): void;
  /** Something worth showing that it happens at all. */
  count(what: string): void;
}

/** What befalls the next COMMIT. */
export type CommitFate =
  | { readonly kind: 'lose-request' | 'lose-answer' }
  | { readonly kind: 'late-commit'; readonly byMs: number };

/** The server around the tables: its connections, and whether it is there. */
export class ModelServer {
  readonly database: ModelDatabase;
  readonly #time: VirtualTime;
  readonly #chance: (share: number) => boolean;
  readonly #connections = new Map<Session, ModelConnection>();
  readonly #fates: CommitFate[] = [];
  readonly #refusals: string[] = [];
  #pid = 0;
  downUntilMs = 0;

  constructor(database: ModelDatabase, time: VirtualTime, chance: (share: number) => boolean) {
    this.database = database;
    this.#time = time;
    this.#chance = chance;
  }

  get nowMs(): number {
    return this.#time.nowMs;
  }

  /** The server's wall clock, ms. */
  get clockMs(): number {
    return Math.round(this.database.clockMs + this.#time.nowMs);
  }

  nextPid(): number {
    this.#pid += 1;
    return this.#pid;
  }

  after(ms: number, run: () => void): void {
    this.#time.after(ms, run);
  }

  open(network: Network, options: ConnectionOptions, signal?: AbortSignal): Promise<ModelConnection> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(new Error('Connection terminated'));
      signal?.addEventListener('abort', abort);
      network.io(network.latency(), () => {
        if (signal?.aborted) return;
        signal?.removeEventListener('abort', abort);
        if (this.#time.nowMs < this.downUntilMs) reject(refused());
        else resolve(new ModelConnection(this, network, options));
      });
    });
  }

  connected(connection: ModelConnection, session: Session): void {
    this.#connections.set(session, connection);
  }

  /** The client closed its end: the server notices at once, mostly, or after what is still under way. */
  abandoned(session: Session): void {
    this.#time.after(this.#chance(0.8) ? 1 : 700, () => {
      this.#connections.delete(session);
      if (session.alive) session.end();
    });
  }

  /** Cuts every connection; what was not committed is gone. */
  restart(downMs: number): void {
    this.downUntilMs = Math.max(this.downUntilMs, this.#time.nowMs + downMs);
    for (const connection of this.#connections.values()) connection.cut();
    this.#connections.clear();
  }

  expectCommit(fate: CommitFate): void {
    this.#fates.push(fate);
  }

  fateOfCommit(): CommitFate | null {
    return this.#fates.shift() ?? null;
  }

  refuse(sqlState: string, times: number): void {
    for (let i = 0; i < times; i++) this.#refusals.push(sqlState);
  }

  /** Throws where the next statement is to be refused. */
  mayRefuse(): void {
    const sqlState = this.#refusals.shift();
    if (sqlState !== undefined) throw this.fault(sqlState);
  }

  fault(sqlState: string): ServerFault {
    return new ServerFault(sqlState, `refused with ${sqlState}`);
  }

  heal(): void {
    this.#fates.length = 0;
    this.#refusals.length = 0;
    this.downUntilMs = 0;
  }
}

function refused(): Error {
  return Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
}
