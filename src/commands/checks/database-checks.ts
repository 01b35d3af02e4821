import pg from 'pg';
import { parseDatabaseUrl } from '../../config-database.js';
import { invariant, messageOf } from '../../errors.js';
import { readMigrations } from '../../sink/migrate.js';
import { type MissingGrant, missingGrants } from '../../sink/privileges.js';
import { type Check, type CheckContext, fail, ok, warn } from './check.js';

const CONNECT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 5_000;
/** What the engine opens besides its lanes: claims, maintenance, upkeep, and one that looks who blocks the others. */
const EXTRA_CONNECTIONS = 4;
const SERVER_VERSION_MIN = 140_000;

const database: Check = {
  name: 'database',
  async run(context) {
    const url = context.config.databaseUrl;
    invariant(url !== undefined, 'The loader lets no check begin without a DATABASE_URL.');
    const place = parseDatabaseUrl(url);
    const where =
      place === null ? 'the database' : `${place.database || 'the database'} on ${place.host}:${place.port}`;
    const client = new pg.Client({
      connectionString: url,
      application_name: 'trades-engine check',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
    });
    client.on('error', () => {});
    try {
      await client.connect();
    } catch (error) {
      await client.end().catch(() => {});
      return fail(`no connection to ${where}: ${reasonOf(error)}`, adviceFor(error));
    }
    context.database = client;
    const { rows } = await client.query<{ version: string; number: number; replica: boolean; readonly: boolean }>(
      `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
              pg_is_in_recovery() AS replica, current_setting('transaction_read_only') = 'on' AS readonly`,
    );
    const [server] = rows;
    invariant(server !== undefined, 'A SELECT without FROM gives one row.');
    if (server.replica) return fail(`${where} is a read-only replica`, 'Point DATABASE_URL at the primary.');
    if (server.readonly) return fail(`${where} is read-only`, 'Set default_transaction_read_only = off for this role.');
    if (server.number < SERVER_VERSION_MIN)
      return fail(`${where} runs PostgreSQL ${server.version}`, 'Use PostgreSQL 14 or later.');
    return ok(`connected to ${where}, PostgreSQL ${server.version}`);
  },
};

const schema: Check = {
  name: 'schema',
  needs: ['database'],
  async run(context) {
    const { config } = context;
    const client = connected(context);
    const files = await readMigrations();
    const { rows: there } = await client.query(`SELECT to_regclass('trades_engine_migrations') IS NOT NULL AS there`);
    const applied = new Map<string, string>();
    if (there[0]?.there === true) {
      const { rows } = await client.query<{ name: string; checksum: string }>(
        'SELECT name, checksum FROM trades_engine_migrations',
      );
      for (const { name, checksum } of rows) applied.set(name, checksum);
    }
    const missing = files.filter(({ name }) => !applied.has(name)).map(({ name }) => name);
    const changed = files.find(({ name, checksum }) => applied.has(name) && applied.get(name) !== checksum);
    if (changed !== undefined)
      return fail(`${changed.name} was applied from a file with other contents`, 'Restore the file of the release.');
    const known = new Set(files.map(({ name }) => name));
    const newer = [...applied.keys()].filter((name) => !known.has(name));
    if (newer.length > 0)
      return fail(`the schema is newer than this engine (${newer.join(', ')})`, 'Use the newer release.');
    if (missing.length === 0) return ok(`up to date, ${files.length} migrations applied`);
    const detail = `${missing.length} of ${files.length} migrations are missing (${missing.join(', ')})`;
    return config.databaseMigrate
      ? warn(detail, '`start` will apply them; or run the command `migrate` now.')
      : fail(detail, 'Run the command `migrate`, or set DATABASE_MIGRATE=true.');
  },
};

const privileges: Check = {
  name: 'privileges',
  needs: ['database', 'schema'],
  async run(context) {
    const { config } = context;
    const client = connected(context);
    const rows = async <Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
      (await client.query(text, [...values])).rows as Row[];
    const missing = await missingGrants(
      { rows },
      { retention: config.databaseRetentionSlots > 0, indexes: config.databaseTradeIndexes.length > 0 },
    );
    const [blank] = await rows<MissingGrant>(MAY_MIGRATE);
    if (blank !== undefined) missing.push(blank);
    const [first] = missing;
    if (first === undefined) return ok('the role may do all the engine does');
    return fail(
      `the role ${first.role} may not ${missing.map(({ what }) => what).join('; ')}`,
      `As the owner of the tables run: ${missing.map(({ statement }) => statement).join(' ')}`,
    );
  },
};

/** Before the tables are there, `start` or `migrate` must be able to make them. */
const MAY_MIGRATE = `
  SELECT current_user AS role, format('make tables in schema %I', current_schema()) AS what,
    format('GRANT USAGE, CREATE ON SCHEMA %I TO %I;', current_schema(), current_user) AS statement
    WHERE to_regclass('kafka_offsets') IS NULL AND NOT has_schema_privilege(current_schema(), 'CREATE')`;

const connections: Check = {
  name: 'connections',
  needs: ['database'],
  async run(context) {
    const { databaseLanes } = context.config;
    const { rows } = await connected(context).query<{ free: number; limit: number; synchronous: string }>(
      `SELECT current_setting('max_connections')::int AS limit,
              current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                - (SELECT sum(numbackends) FROM pg_stat_database)::int AS free,
              current_setting('synchronous_commit') AS synchronous`,
    );
    const [server] = rows;
    invariant(server !== undefined, 'A SELECT without FROM gives one row.');
    const wanted = databaseLanes + EXTRA_CONNECTIONS;
    const detail = `${server.free} of ${server.limit} are free, the engine takes ${wanted}`;
    if (server.free < wanted) return fail(detail, 'Lower DATABASE_LANES or raise max_connections.');
    if (server.synchronous === 'off')
      return warn(
        `${detail}; synchronous_commit is off`,
        'A crash of the server may rewind the database; the engine notices and reads again. Set it to on to avoid that.',
      );
    return ok(detail);
  },
};

/** In the order they are run: each needs some of those before it. */
export const DATABASE_CHECKS: readonly Check[] = [database, schema, privileges, connections];

function connected({ database: client }: CheckContext): pg.Client {
  invariant(client !== undefined, 'Checks of the schema need the database check, which connects.');
  return client;
}

/** Several addresses of one name give an error without a text of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return messageOf(error) || String((error as NodeJS.ErrnoException).code);
}

function adviceFor(error: unknown): string {
  const code = String((error as { code?: unknown }).code ?? '');
  if (code === '28P01' || code === '28000') return 'Check user and password in DATABASE_URL, and pg_hba.conf.';
  if (code === '3D000') return 'Create the database, or correct its name in DATABASE_URL.';
  if (code === '53300') return 'Raise max_connections or stop other clients.';
  if (/SASL|password/i.test(messageOf(error))) return 'Give user and password in DATABASE_URL.';
  if (/ssl/i.test(messageOf(error))) return 'Add ?sslmode=require (or no-verify, or disable) to DATABASE_URL.';
  return 'Check host and port in DATABASE_URL, and that the server runs and lets this machine in.';
}
