import { Connection } from './connection.js';

const FAMILY = 'trades-engine';
/** PostgreSQL cuts application names off at this length. */
const NAME_MAX_BYTES = 63;
const OWNER_MAX = 32;

export interface ConnectionsOptions {
  readonly url: string;
  readonly owner: string;
  readonly stallTimeoutMs: number;
}

export interface OpenOptions {
  /** How long a statement may wait for a lock; for ever by default. */
  readonly lockTimeoutMs?: number;
  /** In place of the common one. */
  readonly stallTimeoutMs?: number;
  /** Gives up connecting. */
  readonly signal?: AbortSignal;
}

/** LIKE pattern of the application names of all engines. */
export const FAMILY_PATTERN = `${FAMILY} %`;

/** Opens the sink's connections and knows which backends are its own. */
export class Connections {
  readonly #options: ConnectionsOptions;
  #open: Connection[] = [];

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** `role` is what the connection is for: lane0, control, … */
  async open(role: string, options: OpenOptions = {}): Promise<Connection> {
    const { url, owner } = this.#options;
    const shortOwner = owner.replaceAll(/[^\w.:-]/g, '_').slice(-OWNER_MAX);
    const applicationName = `${FAMILY} ${shortOwner} ${role}`.slice(0, NAME_MAX_BYTES);
    const { stallTimeoutMs = this.#options.stallTimeoutMs, lockTimeoutMs = 0, signal } = options;
    const connection = await Connection.open({ url, applicationName, stallTimeoutMs, lockTimeoutMs }, signal);
    this.#open = [...this.#open.filter(({ usable }) => usable), connection];
    return connection;
  }

  /** Backends we still hold a connection to. */
  pids(): number[] {
    return this.#open.filter(({ usable }) => usable).map(({ pid }) => pid);
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((connection) => connection.end()));
    this.#open = [];
  }
}
