import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { EngineError, messageOf } from '../errors.js';
import { classify, haltError, serverError } from './classify.js';
import { createClient, describeTarget } from './connection.js';

/** SQL stays in the source tree: this file runs as `<out dir>/src/sink/migrate.js`. */
const MIGRATIONS = new URL('../../../src/sink/migrations/', import.meta.url);

/** Any two numbers that nothing else on the server uses: every engine must take the same lock. */
const LOCK = [8_423_001, 1] as const;

export interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

interface Connection {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** The numbered files, in order. */
export async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(MIGRATIONS)).filter((name) => /^\d{4}_.+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, MIGRATIONS), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/**
 * Brings the schema up to date and answers which migrations were applied now. Several at once wait for one another.
 *
 * Throws DATABASE_SCHEMA where an applied migration's file has changed, a statement fails or there is no such database;
 * DATABASE_AUTHENTICATION where the server lets nobody in; DATABASE_UNREACHABLE, to be tried again, where the server is
 * out of reach or the connection is lost. What a migration had done by then is rolled back, or is found applied.
 */
export async function migrate(target: string | Connection): Promise<string[]> {
  if (typeof target !== 'string') return apply(target);
  const client = createClient({ url: target, applicationName: 'trades-engine migrate' });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (cause) {
    if (classify(cause) !== 'outage') throw haltError(cause, `Connecting to ${describeTarget(target)}`);
    throw new EngineError('DATABASE_UNREACHABLE', `Cannot connect to ${describeTarget(target)}: ${messageOf(cause)}`, {
      canRetry: true,
      cause,
    });
  }
  try {
    return await apply(client);
  } catch (error) {
    throw haltError(error, `Migrating ${describeTarget(target)}`);
  } finally {
    await client.end().catch(() => {});
  }
}

async function apply(connection: Connection): Promise<string[]> {
  const migrations = await readMigrations();
  // Looked at without the lock first: a role that may not create tables can start on a schema that is up to date.
  if ((await pending(connection, migrations)).length === 0) return [];
  await connection.query('SELECT pg_advisory_lock($1, $2)', [...LOCK]);
  try {
    const applied: string[] = [];
    for (const migration of await pending(connection, migrations)) {
      await applyOne(connection, migration);
      applied.push(migration.name);
    }
    return applied;
  } finally {
    await connection.query('SELECT pg_advisory_unlock($1, $2)', [...LOCK]).catch(() => {});
  }
}

async function pending(connection: Connection, migrations: readonly Migration[]): Promise<Migration[]> {
  const found = await connection.query(`SELECT to_regclass('trades_engine_migrations') IS NOT NULL AS there`);
  if (found.rows[0]?.there !== true) return [...migrations];
  const { rows } = await connection.query('SELECT name, checksum FROM trades_engine_migrations');
  const known = new Map(rows.map((row) => [row.name, row.checksum]));
  for (const { name, checksum } of migrations) {
    if (known.has(name) && known.get(name) !== checksum) {
      throw new EngineError(
        'DATABASE_SCHEMA',
        `Migration ${name} was applied from a file with other contents. Migrations only go forward: restore the file and put the change into a new one.`,
      );
    }
  }
  return migrations.filter(({ name }) => !known.has(name));
}

async function applyOne(connection: Connection, migration: Migration): Promise<void> {
  try {
    await connection.query('BEGIN');
    await connection.query(
      'CREATE TABLE IF NOT EXISTS trades_engine_migrations (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    await connection.query(migration.sql);
    await connection.query('INSERT INTO trades_engine_migrations (name, checksum) VALUES ($1, $2)', [
      migration.name,
      migration.checksum,
    ]);
    await connection.query('COMMIT');
  } catch (cause) {
    await connection.query('ROLLBACK').catch(() => {});
    throw migrationError(migration, cause);
  }
}

function migrationError({ name }: Migration, cause: unknown): EngineError {
  const kind = classify(cause);
  if (kind === 'outage' || kind === 'contention') return haltError(cause, `Migration ${name}`);
  const advice =
    serverError(cause)?.code === '42501'
      ? '. Run `migrate` once as the role that is to own the tables; the engine may then run as another.'
      : '';
  return new EngineError('DATABASE_SCHEMA', `Migration ${name} failed: ${messageOf(cause)}${advice}`, { cause });
}
