import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../src/commands/demo/embedded-postgres.js';
import { migrate, readMigrations } from '../../src/sink/migrate.js';
import { until } from '../kafka/until.js';

const OBJECT_IN_USE = '55006';

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** Rows of a statement, on a connection of its own. */
  query<Row = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

let embedded: Promise<PostgresServer> | null = null;
let template: Promise<string> | null = null;

/** The server tests share: TEST_DATABASE_URL, else an embedded one that goes with this process. */
export async function testServerUrl(): Promise<string> {
  if (process.env.TEST_DATABASE_URL) return process.env.TEST_DATABASE_URL;
  embedded ??= startPostgres({ settings: { max_connections: '200' } });
  return (await embedded).url;
}

/** A migrated database of its own, cloned from a template that is migrated once. */
export async function testDatabase(): Promise<TestDatabase> {
  const serverUrl = await testServerUrl();
  template ??= createTemplate(serverUrl);
  return createDatabase(serverUrl, await template);
}

/** An empty database of its own. */
export async function emptyDatabase(serverUrl?: string): Promise<TestDatabase> {
  return createDatabase(serverUrl ?? (await testServerUrl()), 'template1');
}

/** A migrated database on a server of the caller's. */
export async function migratedDatabase(serverUrl: string): Promise<TestDatabase> {
  const database = await createDatabase(serverUrl, 'template1');
  await migrate(database.url);
  return database;
}

async function createTemplate(serverUrl: string): Promise<string> {
  const hash = createHash('sha256');
  for (const { name, checksum } of await readMigrations()) hash.update(name).update(checksum);
  const name = `trades_template_${hash.digest('hex').slice(0, 16)}`;
  const client = await connect(serverUrl);
  try {
    // Other test processes may share the server.
    await client.query('SELECT pg_advisory_lock(8423002)');
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1 AND datistemplate', [name]);
    if (rowCount === 0) {
      await client.query(`DROP DATABASE IF EXISTS ${name}`);
      await client.query(`CREATE DATABASE ${name}`);
      await migrate(databaseUrl(serverUrl, name));
      await client.query(`ALTER DATABASE ${name} IS_TEMPLATE true`);
    }
    return name;
  } finally {
    await client.end();
  }
}

async function createDatabase(serverUrl: string, from: string): Promise<TestDatabase> {
  const name = `trades_test_${randomBytes(6).toString('hex')}`;
  await execute(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${from}`);
  const url = databaseUrl(serverUrl, name);
  return {
    url,
    name,
    query: async <Row>(text: string, values: unknown[] = []) => (await execute(url, text, values)) as Row[],
    // FORCE waits five seconds for those it ends; on a busy machine one of them may take longer.
    drop: () =>
      until(`${name} is dropped`, () =>
        execute(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).then(
          () => true,
          (error: { code?: string }) => {
            if (error.code !== OBJECT_IN_USE) throw error;
            return false;
          },
        ),
      ),
  };
}

async function execute(url: string, text: string, values: unknown[] = []): Promise<unknown[]> {
  const client = await connect(url);
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  return client;
}

function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
