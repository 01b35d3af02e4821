import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { startPostgres } from '../../src/commands/demo/embedded-postgres.js';

export interface TestDatabase {
  readonly url: string;
  /** A client for the test's own questions. */
  readonly client: pg.Client;
  drop(): Promise<void>;
}

export interface TestServer {
  /** A new, empty database. */
  create(): Promise<TestDatabase>;
  stop(): Promise<void>;
}

/** The run's PostgreSQL, or one of our own where a test file is run by itself. */
export async function testServer(): Promise<TestServer> {
  const given = process.env.TEST_DATABASE_URL;
  const server = given === undefined ? await startPostgres() : null;
  const url = server?.url ?? given!;
  return {
    create: () => createDatabase(url),
    stop: async () => server?.stop(),
  };
}

async function createDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `kafka_${randomBytes(6).toString('hex')}`;
  await onServer(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const client = new pg.Client({ connectionString: url.href });
  client.on('error', () => {});
  await client.connect();
  return {
    url: url.href,
    client,
    drop: async () => {
      await client.end();
      await onServer(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function onServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
