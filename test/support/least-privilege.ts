import { readFileSync } from 'node:fs';
import pg from 'pg';
import { migrate } from '../../src/sink/migrate.js';
import { emptyDatabase, type TestDatabase, testServerUrl } from './database.js';

const SQL_FOLDER = new URL('../../../deployment/sql/', import.meta.url);
const ROLES = ['owner', 'engine', 'reader', 'monitor'] as const;
const PASSWORD = 'for-tests';

export type RoleKind = (typeof ROLES)[number];

/** A database set up as deployment/sql says: `url` is an administrator's, `urls` are the roles'. */
export interface RoledDatabase extends TestDatabase {
  readonly urls: Readonly<Record<RoleKind, string>>;
  /** Names of the roles, which are this database's own. */
  readonly roles: Readonly<Record<RoleKind, string>>;
}

/** The text of a file of deployment/sql with the roles of this database in place of those of every deployment. */
export function deploymentSql(file: string, databaseName: string): string {
  const text = readFileSync(new URL(file, SQL_FOLDER), 'utf8');
  return text.replaceAll(/\btrades_(owner|engine|reader|monitor)\b/g, `${databaseName}_$1`);
}

/** Makes the roles, migrates as the owner and grants, as an administrator would; drops the roles with the database. */
export async function roledDatabase(server?: string): Promise<RoledDatabase> {
  const serverUrl = server ?? (await testServerUrl());
  const database = await emptyDatabase(serverUrl);
  const named = <T>(of: (name: string) => T) =>
    Object.fromEntries(ROLES.map((kind) => [kind, of(`${database.name}_${kind}`)])) as Record<RoleKind, T>;
  const roles = named((name) => name);
  const urls = named((name) => loginUrl(database.url, name));
  await script(database.url, deploymentSql('roles.sql', database.name));
  for (const role of Object.values(roles)) await script(database.url, `ALTER ROLE ${role} PASSWORD '${PASSWORD}'`);
  await migrate(urls.owner);
  await script(urls.owner, deploymentSql('grants.sql', database.name));
  return {
    ...database,
    urls,
    roles,
    drop: async () => {
      await database.drop();
      await script(serverUrl, `DROP ROLE ${Object.values(roles).join(', ')}`);
    },
  };
}

function loginUrl(url: string, role: string): string {
  const login = new URL(url);
  login.username = role;
  login.password = PASSWORD;
  return login.href;
}

/** Several statements at once. */
export async function script(url: string, text: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
