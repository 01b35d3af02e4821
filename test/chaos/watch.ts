import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { Finding } from '../../src/commands/demo/ledger.js';
import { type AuditFinding, type Change, isMove } from '../ledger/audit.js';
import { RunningLedger } from '../ledger/running-ledger.js';
import { RunningReader } from '../ledger/running-reader.js';
import type { SentLog } from '../ledger/sent-log.js';
import { connected } from './database.js';

const LOOK_INTERVAL_MS = 250;

/** What the database says of one engine, by its process id. */
export interface EngineTrace {
  claims: number;
  moves: number;
}

/**
 * Looks at the database again and again: holds what landed since the last look against what was sent, and tells which engine
 * claimed and landed. The database may be away; the next look then shows all of it.
 */
export class Watch {
  readonly ledger: RunningLedger;
  readonly findings: (Finding | AuditFinding)[] = [];
  /** Owner of each partition by the last look, by process id. */
  readonly owners = new Map<number, number>();
  readonly #traces = new Map<number, EngineTrace>();
  readonly #url: string;
  readonly #reader = new RunningReader();
  readonly #stopping = new AbortController();
  readonly #onPosition: (partition: number, position: number) => void;
  #client: pg.Client | null = null;
  #running: Promise<void>;
  /** When something was last seen to land, ms since the epoch; 0 while nothing has. */
  lastMoveAt = 0;
  /** Looks that failed because the database was away. */
  missed = 0;

  constructor(url: string, sent: SentLog, onPosition: (partition: number, position: number) => void) {
    this.#url = url;
    this.ledger = new RunningLedger(sent);
    this.#onPosition = onPosition;
    this.#running = this.#run();
  }

  trace(pid: number): EngineTrace {
    return this.#traces.get(pid) ?? { claims: 0, moves: 0 };
  }

  /** What is known of a process id belongs to another process from now on. */
  forget(pid: number): void {
    this.#traces.delete(pid);
  }

  partitionsOf(pid: number): number[] {
    return [...this.owners].filter(([, owner]) => owner === pid).map(([partition]) => partition);
  }

  /** Looks a last time, at a database that answers. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#look();
    await this.#client?.end();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await delay(LOOK_INTERVAL_MS, undefined, { signal }).catch(() => {});
      try {
        await this.#look();
      } catch {
        this.missed += 1;
        await this.#client?.end().catch(() => {});
        this.#client = null;
      }
    }
  }

  async #look(): Promise<void> {
    this.#client ??= await connected(this.#url);
    const look = await this.#reader.look(this.#client);
    for (const change of look.changes) this.#note(change);
    this.findings.push(...this.ledger.apply(look));
    for (const partition of new Set(look.changes.map((change) => change.partition))) {
      this.#onPosition(partition, this.ledger.position(partition));
    }
  }

  #note(change: Change): void {
    // An owner is called `host-pid-random`.
    const pid = Number(change.owner.split('-').at(-2));
    const trace = this.trace(pid);
    if (isMove(change)) {
      trace.moves += 1;
      this.lastMoveAt = Date.now();
    } else {
      trace.claims += 1;
      this.owners.set(change.partition, pid);
    }
    this.#traces.set(pid, trace);
  }
}
