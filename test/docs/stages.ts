import { DocFolder, type DocFolderOptions } from '../support/doc-commands.js';
import type { PageStage } from '../support/doc-page.js';
import { type RoledDatabase, roledDatabase } from '../support/least-privilege.js';
import { landCapture, withMarket } from './market.js';

/** What a page's commands say for the host of an example. */
function asShown(database: RoledDatabase): Record<string, string> {
  const shown = (role: string): string => `postgres://trades_${role}:password@db.example.com:5432/trades`;
  return Object.fromEntries(Object.entries(database.urls).map(([role, url]) => [shown(role), url]));
}

/** The variables by which pages call the roles' connections. */
function roleVariables({ urls, url }: RoledDatabase): Record<string, string> {
  return {
    READER_URL: urls.reader,
    OWNER_URL: urls.owner,
    MONITOR_URL: urls.monitor,
    DATABASE_URL: urls.engine,
    ADMIN_URL: url,
  };
}

export interface MarketStage extends PageStage {
  readonly database: RoledDatabase;
}

/** A database in which some minutes of a small market have landed. */
export async function marketStage(options: DocFolderOptions = {}): Promise<MarketStage> {
  const database = await roledDatabase();
  await withMarket((capture) => landCapture(capture, database, 'docs'));
  const [some] = await database.query<Record<string, string>>(`
    SELECT (SELECT market FROM dex_trades WHERE side IS NOT NULL AND price > 0 GROUP BY 1 ORDER BY count(*) DESC LIMIT 1) AS "MARKET",
      (SELECT trader FROM dex_trades GROUP BY 1 ORDER BY count(*) DESC LIMIT 1) AS "TRADER",
      (SELECT base_mint FROM dex_trades GROUP BY 1 ORDER BY count(*) DESC LIMIT 1) AS "MINT",
      (SELECT signature FROM dex_trades GROUP BY 1 ORDER BY count(*) DESC LIMIT 1) AS "SIGNATURE"`);
  const placeholders = Object.fromEntries(
    Object.entries(some ?? {}).map(([name, value]) => [`'${name}'`, `'${value}'`]),
  );
  const folder = new DocFolder({
    ...options,
    environment: { ...roleVariables(database), ...options.environment },
    replace: { ...asShown(database), ...placeholders, ...options.replace },
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
