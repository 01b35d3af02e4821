import { EngineError } from '../errors.js';
import { TRADES } from '../tables.js';
import { columnType } from './classify.js';
import type { Connection } from './connection.js';
import { FUNCTIONS, missingGrants, TABLES, type Upkeep } from './privileges.js';

const PRIMARY_KEYS: Readonly<Record<string, string>> = {
  [TRADES.name]: 'block_slot, tx_index, trade_index',
  kafka_offsets: 'group_id, topic, partition',
  solana_slots: 'slot',
};

interface TableFacts {
  readonly name: string;
  readonly there: boolean;
  readonly unlogged: boolean;
  readonly key: string | null;
}

/**
 * Throws DATABASE_SCHEMA, with what to do, where a batch could not land or could be lost; DATABASE_UNREACHABLE where the
 * server is a standby. `connections` are how many more the engine is going to open.
 */
export async function checkSchema(
  connection: Connection,
  connections: number,
  upkeep: Upkeep = { retention: false, indexes: false },
): Promise<void> {
  const [server] = await connection.rows<{ recovery: boolean }>('SELECT pg_is_in_recovery() AS recovery');
  if (server?.recovery === true) {
    throw new EngineError('DATABASE_UNREACHABLE', 'The server is a standby in recovery and takes no writes.', {
      canRetry: true,
    });
  }
  const problems = [
    ...(await privilegeProblems(connection, upkeep)),
    ...(await tableProblems(connection)),
    ...(await columnProblems(connection)),
    ...(await functionProblems(connection)),
    ...(await connectionProblems(connection, connections)),
  ];
  if (problems.length > 0) throw new EngineError('DATABASE_SCHEMA', problems.join(' '));
}

async function privilegeProblems(connection: Connection, upkeep: Upkeep): Promise<string[]> {
  const missing = await missingGrants(connection, upkeep);
  return missing.map(({ role, what, statement }) => `Role ${role} may not ${what}. Run: ${statement}`);
}

async function tableProblems(connection: Connection): Promise<string[]> {
  const facts = await connection.rows<TableFacts>(
    `SELECT t.name, c.oid IS NOT NULL AS there, c.relpersistence = 'u' AS unlogged,
       (SELECT string_agg(a.attname, ', ' ORDER BY k.place)
          FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
          WHERE i.indrelid = c.oid AND i.indisprimary) AS key
     FROM unnest($1::text[]) AS t (name) LEFT JOIN pg_class c ON c.oid = to_regclass(t.name)
     UNION ALL
     SELECT p.relname, true, true, NULL FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhrelid
       WHERE h.inhparent = to_regclass($2) AND p.relpersistence = 'u'`,
    [TABLES, TRADES.name],
  );
  return facts.flatMap(({ name, there, unlogged, key }) => {
    if (!there) return [`Table ${name} is missing: run \`migrate\`.`];
    const problems: string[] = [];
    if (unlogged)
      problems.push(
        `Table ${name} is UNLOGGED and would lose its rows in a crash. Run: ALTER TABLE ${name} SET LOGGED;`,
      );
    const wanted = PRIMARY_KEYS[name];
    if (!unlogged && wanted !== undefined && key !== wanted) {
      const found = key === null ? 'has no primary key' : `has the primary key (${key})`;
      problems.push(
        `Table ${name} ${found}, which lets repeats land twice. Run: ${dropKey(name, key)}ALTER TABLE ${name} ADD PRIMARY KEY (${wanted});`,
      );
    }
    return problems;
  });
}

function dropKey(name: string, key: string | null): string {
  return key === null ? '' : `ALTER TABLE ${name} DROP CONSTRAINT ${name}_pkey; `;
}

async function columnProblems(connection: Connection): Promise<string[]> {
  const rows = await connection.rows<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
       WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
    [TRADES.name],
  );
  if (rows.length === 0) return [];
  const types = new Map(rows.map(({ name, type }) => [name, type]));
  return TRADES.columns.flatMap(([name, type]) => {
    const found = types.get(name);
    const wanted = columnType(type);
    if (found === undefined)
      return [
        `Column ${TRADES.name}.${name} is missing. Run: ALTER TABLE ${TRADES.name} ADD COLUMN ${name} ${wanted};`,
      ];
    const accepted = COPY_TYPES[type] ?? [wanted];
    // A binary COPY reads bytes as whatever type the column has: they must agree.
    if (accepted.some((candidate) => found === candidate || found.startsWith(`${candidate}(`))) return [];
    return [
      `Column ${TRADES.name}.${name} is ${found} and must be ${wanted}. Run: ALTER TABLE ${TRADES.name} ALTER COLUMN ${name} TYPE ${wanted};`,
    ];
  });
}

/** Types whose binary form is the same. */
const COPY_TYPES: Readonly<Record<string, readonly string[]>> = {
  text: ['text', 'character varying'],
  numeric: ['numeric'],
  timestamptz: ['timestamp with time zone'],
};

async function functionProblems(connection: Connection): Promise<string[]> {
  const rows = await connection.rows<{ name: string }>(
    `SELECT f.name FROM unnest($1::text[]) AS f (name) WHERE NOT EXISTS (SELECT FROM pg_proc WHERE proname = f.name AND pg_function_is_visible(oid))`,
    [FUNCTIONS],
  );
  return rows.map(({ name }) => `Function ${name} is missing: run \`migrate\`.`);
}

/** Counted per database: the activity of other roles is hidden from one that may do no more than it must. */
async function connectionProblems(connection: Connection, wanted: number): Promise<string[]> {
  const [row] = await connection.rows<{ free: string; total: string }>(
    `SELECT current_setting('max_connections') AS total,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
         - coalesce(current_setting('reserved_connections', true), '0')::int
         - (SELECT sum(numbackends) FROM pg_stat_database) AS free`,
  );
  if (row === undefined || Number(row.free) >= wanted) return [];
  return [
    `The server has ${row.free} of ${row.total} connections free and the engine needs ${wanted} more: lower DATABASE_LANES or raise max_connections.`,
  ];
}
