import pg from 'pg';
import { parseDatabaseUrl } from '../../config-database.js';
import { invariant, messageOf } from '../../errors.js';
import { readMigrations } from '../../sink/migrate.js';
import { type Check, type CheckContext, fail, ok, warn } from './check.js';

const CONNECT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 5_000;
/** What the engine opens besides its lanes: claims, maintenance. */
const EXTRA_CONNECTIONS = 2;
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

/** What the engine does to each table, as has_table_privilege() wants it. */
const TABLE_PRIVILEGES: Readonly<Record<string, readonly string[]>> = {
  solana_dex_trades: ['SELECT', 'INSERT'],
  solana_slots: ['SELECT', 'INSERT', 'UPDATE'],
  kafka_offsets: ['SELECT', 'INSERT', 'UPDATE'],
  ingest_dead_letters: ['SELECT', 'INSERT'],
  ingest_gaps: ['SELECT', 'INSERT'],
};

const privileges: Check = {
  name: 'privileges',
  needs: ['database', 'schema'],
  async run(context) {
    const client = connected(context);
    const { rows } = await client.query<{ role: string; statement: string }>(PRIVILEGES_SQL, [
      Object.entries(TABLE_PRIVILEGES).flatMap(([table, list]) => list.map(() => table)),
      Object.values(TABLE_PRIVILEGES).flat(),
    ]);
    if (rows.length === 0) return ok('the role may do all the engine does');
    const role = rows[0]?.role;
    const statements = rows.map(({ statement }) => statement);
    return fail(
      `the role ${role} lacks ${rows.length} privileges`,
      `As an owner of the schema run: ${statements.join(' ')}`,
    );
  },
};

/** One statement for each thing the role may not do; a table that is not there yet is the schema check's business. */
const PRIVILEGES_SQL = `
  WITH wanted AS (SELECT * FROM unnest($1::text[], $2::text[]) AS w (table_name, privilege)),
  lacking AS (
    SELECT table_name, string_agg(privilege, ', ') AS list FROM wanted
    WHERE to_regclass(table_name) IS NOT NULL AND NOT has_table_privilege(to_regclass(table_name)::oid, privilege)
    GROUP BY table_name)
  SELECT current_user AS role, format('GRANT %s ON %s TO %I;', list, table_name, current_user) AS statement FROM lacking
  UNION ALL
  SELECT current_user, format('GRANT USAGE, CREATE ON SCHEMA %I TO %I;', current_schema(), current_user)
    WHERE current_schema() IS NOT NULL AND NOT has_schema_privilege(current_schema(), 'CREATE')
  UNION ALL
  SELECT current_user, format('ALTER TABLE %s OWNER TO %I;', c.oid::regclass, current_user) FROM pg_class c
    WHERE c.oid = to_regclass('solana_dex_trades') AND NOT pg_has_role(c.relowner, 'USAGE')`;

const connections: Check = {
  name: 'connections',
  needs: ['database'],
  async run(context) {
    const { databaseLanes } = context.config;
    const { rows } = await connected(context).query<{ free: number; limit: number; synchronous: string }>(
      `SELECT current_setting('max_connections')::int AS limit,
              current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int AS free,
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
