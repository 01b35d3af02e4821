import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../src/commands/demo/embedded-postgres.js';
import { installAudit } from '../ledger/audit.js';
import { installPlaceIndex } from '../ledger/running-reader.js';
import { roledDatabase } from '../support/least-privilege.js';

export interface ChaosDatabase {
  readonly server: PostgresServer;
  /** An administrator's. */
  readonly url: string;
  /** What the engines use: a role that may do no more than it must. */
  readonly engineUrl: string;
  /** Ends every backend of the engines; answers how many. */
  terminateBackends(): Promise<number>;
}

/** A server of our own that keeps commit times, and in it a database with the roles of a deployment and the audit. */
export async function startDatabase(): Promise<ChaosDatabase> {
  const server = await startPostgres({ settings: { max_connections: '200', track_commit_timestamp: 'on' } });
  process.env.TEST_DATABASE_URL = server.url; // where the roled database is made
  const database = await roledDatabase();
  const client = await connected(database.url);
  await installAudit(client);
  await installPlaceIndex(client);
  await client.end();
  return {
    server,
    url: database.url,
    engineUrl: database.urls.engine,
    terminateBackends: async () => {
      const own = await connected(database.url);
      try {
        const { rowCount } = await own.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1',
          [database.roles.engine],
        );
        return rowCount ?? 0;
      } finally {
        await own.end();
      }
    },
  };
}

/** A connection that may be lost at any time: the query that meets it throws. */
export async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 20_000 });
  client.on('error', () => {});
  await client.connect();
  return client;
}
