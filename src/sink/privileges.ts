import { TRADES } from '../tables.js';

/** Whatever answers a statement: the sink's connection, or another's behind one function. */
export interface Asked {
  rows<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** What upkeep is switched on, which needs privileges of its own. */
export interface Upkeep {
  /** DATABASE_RETENTION_SLOTS. */
  readonly retention: boolean;
  /** DATABASE_TRADE_INDEXES. */
  readonly indexes: boolean;
}

export interface MissingGrant {
  readonly role: string;
  /** What the role may not do: ends "Role engine may not …". */
  readonly what: string;
  /** For the owner of the tables to run. */
  readonly statement: string;
}

/** What the sink does to each table, as GRANT has it. */
const TABLE_PRIVILEGES: Readonly<Record<string, string>> = {
  [TRADES.name]: 'SELECT, INSERT',
  solana_slots: 'SELECT, INSERT, UPDATE',
  kafka_offsets: 'SELECT, INSERT, UPDATE',
  ingest_dead_letters: 'SELECT, INSERT',
  ingest_gaps: 'SELECT, INSERT, UPDATE',
};

export const TABLES: readonly string[] = Object.keys(TABLE_PRIVILEGES);

export const FUNCTIONS: readonly string[] = [
  'kafka_offsets_claim',
  'kafka_offsets_advance',
  'ingest_gaps_record',
  'solana_slots_mark_orphans',
  'solana_dex_trades_add_partition',
  'solana_dex_trades_drop_partition',
];

const ONLY_FOR_RETENTION = 'solana_dex_trades_drop_partition';

/** What there is not is no privilege's business. A schema that may not be used hides what is in it. */
const MISSING = `
  SELECT format('use schema %I', n.nspname) AS what, format('GRANT USAGE ON SCHEMA %I TO %I;', n.nspname, current_user) AS statement
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = '${TRADES.name}' AND to_regclass('${TRADES.name}') IS NULL AND NOT has_schema_privilege(n.oid, 'USAGE')
      AND quote_ident(n.nspname) = ANY (string_to_array(replace(replace(current_setting('search_path'), '"$user"', quote_ident(current_user)), ' ', ''), ','))
  UNION ALL
  SELECT format('write table %s', t.name), format('GRANT %s ON %s TO %I;', t.privileges, t.name, current_user)
    FROM unnest($1::text[], $2::text[]) AS t (name, privileges)
    WHERE to_regclass(t.name) IS NOT NULL AND NOT (
      SELECT bool_and(has_table_privilege(to_regclass(t.name)::oid, p)) FROM unnest(string_to_array(t.privileges, ', ')) p)
  UNION ALL
  SELECT format('run function %s', p.oid::regprocedure), format('GRANT EXECUTE ON FUNCTION %s TO %I;', p.oid::regprocedure, current_user)
    FROM pg_proc p WHERE p.proname = ANY ($3::text[]) AND pg_function_is_visible(p.oid) AND NOT has_function_privilege(p.oid, 'EXECUTE')
  UNION ALL
  SELECT format('make temporary tables in database %I', current_database()), format('GRANT TEMPORARY ON DATABASE %I TO %I;', current_database(), current_user)
    WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')
  UNION ALL
  SELECT 'build the indexes of DATABASE_TRADE_INDEXES, which only the owner of the tables may', format('GRANT %I TO %I;', pg_get_userbyid(c.relowner), current_user)
    FROM pg_class c WHERE $4 AND c.oid = to_regclass('${TRADES.name}') AND NOT pg_has_role(c.relowner, 'USAGE')
  UNION ALL
  SELECT DISTINCT format('make table partitions: %I, as whom %s runs, may not make tables in schema %I', pg_get_userbyid(p.proowner), p.proname, n.nspname),
      format('GRANT CREATE ON SCHEMA %I TO %I;', n.nspname, pg_get_userbyid(p.proowner))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, pg_proc p
    WHERE c.oid = to_regclass('${TRADES.name}') AND p.proname = 'solana_dex_trades_add_partition' AND pg_function_is_visible(p.oid)
      AND NOT has_schema_privilege(p.proowner, n.oid, 'CREATE')
  UNION ALL
  SELECT format('make table partitions: %I, as whom %s runs, does not own %s', pg_get_userbyid(p.proowner), p.proname, c.oid::regclass),
      format('ALTER FUNCTION %s OWNER TO %I;', p.oid::regprocedure, pg_get_userbyid(c.relowner))
    FROM pg_class c, pg_proc p
    WHERE c.oid = to_regclass('${TRADES.name}') AND p.proname = 'solana_dex_trades_add_partition' AND pg_function_is_visible(p.oid)
      AND NOT pg_has_role(p.proowner, c.relowner, 'USAGE')`;

/** What the connection's role needs and may not do, each with the statement that lets it; empty where all is well. */
export async function missingGrants(asked: Asked, upkeep: Upkeep): Promise<MissingGrant[]> {
  return asked.rows<MissingGrant>(`SELECT current_user AS role, m.what, m.statement FROM (${MISSING}) m`, [
    TABLES,
    Object.values(TABLE_PRIVILEGES),
    FUNCTIONS.filter((name) => upkeep.retention || name !== ONLY_FOR_RETENTION),
    upkeep.indexes,
  ]);
}
