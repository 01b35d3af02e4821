import pg from 'pg';
import { RIVAL_COLUMNS, type RivalValue } from './tutorial.js';

/** A statement takes 65,535 parameters. */
const ROWS_MAX = Math.floor(65_535 / RIVAL_COLUMNS.length);
const NAMES = RIVAL_COLUMNS.map(([name]) => name).join(', ');

/** A rival's table: filled by multi-row INSERT, repeats dropped by the same primary key as the engine's. */
export class RivalTable {
  readonly #client: pg.Client;
  readonly #table: string;

  static async connect(url: string, table: string): Promise<RivalTable> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const columns = RIVAL_COLUMNS.map(([name, type]) => `${name} ${type}`).join(', ');
    await client.query(`CREATE TABLE ${table} (${columns}, PRIMARY KEY (block_slot, tx_index, trade_index))`);
    return new RivalTable(client, table);
  }

  private constructor(client: pg.Client, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async insert(rows: readonly (readonly RivalValue[])[]): Promise<void> {
    for (let from = 0; from < rows.length; from += ROWS_MAX) await this.#insertSome(rows.slice(from, from + ROWS_MAX));
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  async #insertSome(rows: readonly (readonly RivalValue[])[]): Promise<void> {
    const width = RIVAL_COLUMNS.length;
    const tuples = rows.map(
      (_, row) => `(${RIVAL_COLUMNS.map((_column, place) => `$${row * width + place + 1}`).join(',')})`,
    );
    await this.#client.query(
      `INSERT INTO ${this.#table} (${NAMES}) VALUES ${tuples.join(',')} ON CONFLICT DO NOTHING`,
      rows.flat(),
    );
  }
}
