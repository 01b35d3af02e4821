import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../src/commands/demo/embedded-postgres.js';
import { childrenOf, cpuSecondsOfTree } from './process-usage.js';

export interface DatabaseServer {
  readonly described: string;
  /** Makes an empty database and answers its URL. */
  createDatabase(name: string): Promise<string>;
  dropDatabase(name: string): Promise<void>;
  /** CPU seconds of the server so far, null where it is not ours. */
  cpuSeconds(): number | null;
  /** Processes of the server, empty where it is not ours. */
  pids(): number[];
  close(): Promise<void>;
}

const SETTINGS = { track_commit_timestamp: 'on', shared_buffers: '512MB', max_wal_size: '8GB' };

export async function openDatabaseServer(env: NodeJS.ProcessEnv): Promise<DatabaseServer> {
  const given = env.DATABASE_URL;
  if (given !== undefined && given !== '') return serverAt(given, 'PostgreSQL of DATABASE_URL', null);
  const own = await startPostgres({ settings: SETTINGS });
  const settings = Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}`);
  const described = `PostgreSQL 18 of embedded-postgres, on this machine, fsync=off, ${settings.join(', ')}`;
  return serverAt(own.url, described, own);
}

function serverAt(url: string, described: string, own: PostgresServer | null): DatabaseServer {
  const names = new Set<string>();
  const run = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  const dropDatabase = async (name: string): Promise<void> => {
    names.delete(name);
    await run(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
  };
  const postmaster = (): number | null =>
    own === null ? null : Number(readFileSync(join(own.dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
  return {
    described,
    dropDatabase,
    createDatabase: async (name) => {
      await dropDatabase(name);
      await run(`CREATE DATABASE "${name}"`);
      names.add(name);
      const target = new URL(url);
      target.pathname = `/${name}`;
      return target.toString();
    },
    cpuSeconds: () => {
      const pid = postmaster();
      return pid === null ? null : cpuSecondsOfTree(pid);
    },
    pids: () => {
      const pid = postmaster();
      return pid === null ? [] : [pid, ...childrenOf(pid)];
    },
    close: async () => {
      if (own !== null) return own.stop();
      for (const name of [...names]) await dropDatabase(name);
    },
  };
}
