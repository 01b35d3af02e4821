import { DocFolder, type DocFolderOptions } from '../support/doc-commands.js';
import type { PageStage } from '../support/doc-page.js';
import { deploymentSql, type RoledDatabase, roledDatabase } from '../support/least-privilege.js';
import { landCapture, recordMarket, withMarket } from './market.js';

export interface DatabaseStage extends PageStage {
  readonly database: RoledDatabase;
}

/** What stands in pages for this database's own: addresses, and the roles, whose names a server has only once. */
export function namesOf({ urls, roles }: RoledDatabase): Record<string, string> {
  const shown = (role: string): string => `postgres://trades_${role}:password@db.example.com:5432/trades`;
  const addresses = Object.entries(urls).map(([role, url]) => [shown(role), url]);
  const grantees = (['reader', 'owner', 'monitor'] as const).map((role) => [`trades_${role}`, roles[role]]);
  return Object.fromEntries([...addresses, ...grantees]);
}

/** The variables by which pages call the roles' connections. */
export function variablesOf({ urls, url }: RoledDatabase): Record<string, string> {
  const { reader, owner, monitor, engine } = urls;
  return { READER_URL: reader, OWNER_URL: owner, MONITOR_URL: monitor, DATABASE_URL: engine, ADMIN_URL: url };
}

/** A folder's files that name roles. */
export function filesOf({ name }: RoledDatabase): Record<string, string> {
  return Object.fromEntries(
    ['roles.sql', 'grants.sql'].map((file) => [`deployment/sql/${file}`, deploymentSql(file, name)]),
  );
}

/** Ports that are free, one decoder: what every command of the engine gets. */
export const MODEST = {
  BIND_ADDRESS: '127.0.0.1',
  HEALTH_CHECK_PORT: '0',
  PROMETHEUS_PORT: '0',
  WORKER_THREADS: '1',
  DATABASE_MIGRATE: 'false',
  KAFKA_GROUP_ID: 'docs',
};

/** A migrated database for a page, and a folder to run its commands in. Blocks without `as` query as the reader. */
export function databaseStage(database: RoledDatabase, options: DocFolderOptions = {}): DatabaseStage {
  const folder = new DocFolder({
    ...options,
    environment: { ...variablesOf(database), ...options.environment },
    replace: { ...namesOf(database), ...options.replace },
    files: { ...filesOf(database), ...options.files },
  });
  const { reader, owner, monitor } = database.urls;
  return {
    database,
    folder,
    databases: { '': reader, owner, monitor },
    close: async () => {
      folder.close();
      await database.drop();
    },
  };
}

/** A database in which nothing has landed, and a capture of a market beside the commands. */
export async function captureStage(): Promise<DatabaseStage> {
  const stage = databaseStage(await roledDatabase(), { dotEnv: MODEST });
  await recordMarket(`${stage.folder.path}/market.capture`);
  return stage;
}

/** A database in which some minutes of a small market have landed. */
export async function marketStage(): Promise<DatabaseStage> {
  const database = await roledDatabase();
  await withMarket((capture) => landCapture(capture, database, MODEST.KAFKA_GROUP_ID));
  const [some] = await database.query<Record<string, string>>(`
    SELECT (SELECT market FROM dex_trades WHERE side IS NOT NULL AND price > 0 GROUP BY 1 ORDER BY count(*) DESC LIMIT 1) AS "MARKET",
      (SELECT trader FROM dex_trades GROUP BY 1 ORDER BY count(*) DESC LIMIT 1) AS "TRADER",
      (SELECT base_mint FROM dex_trades GROUP BY 1 ORDER BY count(*) DESC LIMIT 1) AS "MINT",
      (SELECT signature FROM dex_trades GROUP BY 1 ORDER BY count(*) DESC LIMIT 1) AS "SIGNATURE"`);
  const chosen = Object.entries(some ?? {}).map(([name, value]) => [`'${name}'`, `'${value}'`]);
  return databaseStage(database, { replace: Object.fromEntries(chosen) });
}
