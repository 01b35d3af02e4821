import pg from 'pg';

/** A trade for people to look at; absent values are null. */
export interface RecentTrade {
  readonly at: string | null;
  readonly slot: number;
  readonly venue: string | null;
  readonly side: string | null;
  readonly base_mint: string | null;
  readonly base_symbol: string | null;
  readonly quote_mint: string | null;
  readonly quote_symbol: string | null;
  /** Quote per base. */
  readonly price: number | null;
  readonly amount_usd: number | null;
  readonly signature: string | null;
}

/** A row of kafka_offsets of our group, whoever owns it. */
export interface StoredOffset {
  readonly partition: number;
  readonly next_offset: number;
  readonly epoch: number;
  readonly owner: string;
  readonly committed_at: string | null;
}

/** Dead letters of one class among the newest. */
export interface RecentLetters {
  readonly class: string;
  readonly count: number;
  readonly newest_at: string;
  readonly newest_text: string;
}

/** What only the database knows. */
export interface Recent {
  readonly trades: readonly RecentTrade[];
  readonly offsets: readonly StoredOffset[];
  readonly deadLetters: readonly RecentLetters[];
  readonly gaps: number;
}

export interface RecentOptions {
  readonly databaseUrl: string;
  readonly groupId: string;
  readonly topic: string;
  /** Whether the database is well enough to be asked for something nobody needs. */
  readonly allowed: () => boolean;
  readonly onError: (error: Error) => void;
  readonly now?: () => number;
}

const INTERVAL_MS = 3_000;
/** Nobody looked for this long: the connection goes. */
const IDLE_MS = 10_000;
const AFTER_FAILURE_MS = 15_000;
const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 1_500;
const INSUFFICIENT_PRIVILEGE = '42501';

/** Where most trades have one side, and no name is to be believed that a token gives itself. */
const KNOWN_MINTS: Readonly<Record<string, string>> = {
  '11111111111111111111111111111111': 'SOL',
  So11111111111111111111111111111111111111112: 'WSOL',
  EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v: 'USDC',
  Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB: 'USDT',
};

// The index of the primary key gives the rows in this order, so that few are read however many there are.
const TRADES = `
  SELECT coalesce(s.block_time, t.block_time) AS at, t.block_slot::float8 AS slot, t.protocol_name AS venue, t.side,
    t.base_mint, t.quote_mint, t.price, t.amount_usd, t.signature
  FROM (
    SELECT * FROM solana_dex_trades WHERE success AND NOT is_router
      ORDER BY block_slot DESC, tx_index DESC, trade_index DESC LIMIT 12
  ) t LEFT JOIN solana_slots s ON s.slot = t.block_slot
  ORDER BY t.block_slot DESC, t.tx_index DESC, t.trade_index DESC`;
const SYMBOLS = `SELECT mint, left(symbol, 24) AS symbol FROM solana_tokens WHERE mint = ANY ($1) AND symbol <> ''`;
const OFFSETS = `
  SELECT partition, next_offset::float8 AS next_offset, epoch::float8 AS epoch, owner, committed_at
  FROM kafka_offsets WHERE group_id = $1 AND topic = $2 ORDER BY partition LIMIT 512`;
const LETTERS = `
  SELECT error_class AS class, count(*)::int AS count, max(created_at) AS newest_at,
    (array_agg(left(error_text, 300) ORDER BY id DESC))[1] AS newest_text
  FROM (
    SELECT id, group_id, error_class, created_at, error_text FROM ingest_dead_letters ORDER BY id DESC LIMIT 1000
  ) newest WHERE group_id = $1 GROUP BY error_class ORDER BY max(created_at) DESC LIMIT 20`;
const GAPS = 'SELECT count(*)::int AS count FROM ingest_gaps WHERE group_id = $1';

/**
 * Asks the database for what the page shows of it, every few seconds and only while somebody looks: on one read-only
 * connection of its own that is let go of when nobody does, with a short limit on each statement. Whatever fails is tried
 * again later, and nothing waits for it.
 */
export class RecentReader {
  readonly #options: RecentOptions;
  readonly #now: () => number;
  #client: pg.Client | null = null;
  #recent: Recent | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #nextAt = 0;
  #reading: Promise<void> | null = null;
  #mayReadTokens = true;
  #closed = false;

  constructor(options: RecentOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** What was read last, null while nothing was or it failed. */
  get recent(): Recent | null {
    return this.#recent;
  }

  /** Whether a connection is open. */
  get connected(): boolean {
    return this.#client !== null;
  }

  /** Somebody looks. */
  looked(): void {
    this.#lookedAt = this.#now();
  }

  /** To be called about once a second. Resolves when what it began is done. */
  async tick(): Promise<void> {
    if (this.#closed || this.#reading !== null) return;
    const now = this.#now();
    if (now - this.#lookedAt > IDLE_MS) {
      this.#recent = null;
      this.#drop();
    } else if (now >= this.#nextAt && this.#options.allowed()) {
      this.#reading = this.#read();
      await this.#reading;
      this.#reading = null;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#drop();
    await this.#reading;
  }

  async #read(): Promise<void> {
    this.#nextAt = this.#now() + INTERVAL_MS;
    try {
      const client = this.#client ?? (await this.#connect());
      const { groupId, topic } = this.#options;
      const offsets = (await client.query<StoredOffset>(OFFSETS, [groupId, topic])).rows;
      const trades = (await client.query<RecentTrade>(TRADES)).rows;
      const symbols = await this.#symbols(client, trades);
      const deadLetters = (await client.query<RecentLetters>(LETTERS, [groupId])).rows;
      const gaps = (await client.query<{ count: number }>(GAPS, [groupId])).rows[0]?.count ?? 0;
      const named = trades.map((trade) => ({
        ...trade,
        base_symbol: symbolOf(trade.base_mint, symbols),
        quote_symbol: symbolOf(trade.quote_mint, symbols),
      }));
      this.#recent = { trades: named, offsets, deadLetters, gaps };
    } catch (error) {
      this.#recent = null;
      this.#nextAt = this.#now() + AFTER_FAILURE_MS;
      this.#drop();
      if (!this.#closed) this.#options.onError(error as Error);
    }
  }

  /** A role that may do no more than the engine needs may not read the tokens; mints stand for themselves then. */
  async #symbols(client: pg.Client, trades: readonly RecentTrade[]): Promise<Map<string, string>> {
    if (!this.#mayReadTokens) return new Map();
    const mints = trades.flatMap(({ base_mint, quote_mint }) => [base_mint, quote_mint]);
    try {
      const { rows } = await client.query<{ mint: string; symbol: string }>(SYMBOLS, [mints]);
      return new Map(rows.map(({ mint, symbol }) => [mint, symbol]));
    } catch (error) {
      if ((error as { code?: unknown }).code !== INSUFFICIENT_PRIVILEGE) throw error;
      this.#mayReadTokens = false;
      return new Map();
    }
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#options.databaseUrl,
      application_name: 'solana-trades-dashboard',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: STATEMENT_TIMEOUT_MS * 2,
    });
    client.on('error', () => this.#forget(client));
    client.on('end', () => this.#forget(client));
    this.#client = client;
    await client.connect();
    await client.query(
      `SET statement_timeout = ${STATEMENT_TIMEOUT_MS}; SET lock_timeout = 200; SET default_transaction_read_only = on`,
    );
    return client;
  }

  #forget(client: pg.Client): void {
    if (this.#client === client) this.#client = null;
  }

  #drop(): void {
    const client = this.#client;
    this.#client = null;
    client?.end().catch(() => {});
  }
}

function symbolOf(mint: string | null, symbols: ReadonlyMap<string, string>): string | null {
  return mint === null ? null : (KNOWN_MINTS[mint] ?? symbols.get(mint) ?? null);
}
