import { messageOf } from '../errors.js';
import type { Connection } from './connection.js';
import { type Connections, FAMILY_PATTERN } from './connections.js';
import type { SinkLogger, SinkObserver } from './observer.js';

interface Blocker {
  readonly pid: number;
  readonly application_name: string;
  readonly ended: boolean | null;
}

/**
 * Ends what an earlier owner left behind.
 *
 * A backend that waits for COPY data ignores every timeout and pg_cancel_backend; when its process was stopped or its
 * network cut, the rows it holds uncommitted would block our own for as long as TCP cares. Only backends of this engine's
 * family that block us and that we hold no connection to are ended; another's transaction is at worst tried again.
 */
export class StaleBackends {
  readonly #connections: Connections;
  readonly #afterMs: number;
  readonly #logger: SinkLogger;
  readonly #observer: SinkObserver;

  constructor(connections: Connections, afterMs: number, logger: SinkLogger, observer: SinkObserver) {
    this.#connections = connections;
    this.#afterMs = afterMs;
    this.#logger = logger;
    this.#observer = observer;
  }

  /** Looks at what blocks the connection every so often until the answer is called. */
  watch(connection: Connection): () => void {
    let stopped = false;
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      timer = setTimeout(() => {
        void this.#look(connection.pid).then(() => {
          if (!stopped) arm();
        });
      }, this.#afterMs).unref();
    };
    arm();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }

  async #look(pid: number): Promise<void> {
    let watch: Connection | null = null;
    try {
      // A connection of the moment: the others may be the blocked ones.
      watch = await this.#connections.open('watch', { lockTimeoutMs: this.#afterMs });
      const blockers = await watch.rows<Blocker>(
        `SELECT pid, application_name,
           CASE WHEN application_name LIKE $2 AND NOT pid = ANY($3::int[]) THEN pg_terminate_backend(pid) END AS ended
         FROM pg_stat_activity WHERE pid = ANY(pg_blocking_pids($1))`,
        [pid, FAMILY_PATTERN, this.#connections.pids()],
      );
      const ended = blockers.filter((blocker) => blocker.ended === true);
      if (ended.length > 0) {
        this.#observer.onStaleBackendsEnded?.(ended.length);
        const fields = { event: 'stale_backends_ended', backends: ended } as const;
        this.#logger.warn(fields, 'Ended backends of an earlier owner that blocked us');
      }
      const others = blockers.filter((blocker) => blocker.ended !== true);
      if (others.length > 0) {
        const fields = { event: 'lock_waited_for', backends: others } as const;
        this.#logger.warn(fields, `Waiting for locks that others hold: ${others.map(({ pid }) => pid).join(', ')}`);
      }
    } catch (error) {
      const text = `Could not look at what blocks a connection: ${messageOf(error)}`;
      this.#logger.warn({ event: 'lock_unknown', error }, text);
    } finally {
      await watch?.end();
    }
  }
}
