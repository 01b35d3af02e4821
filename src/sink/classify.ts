import { EngineError, type ErrorCode, messageOf } from '../errors.js';
import { TRADES } from '../tables.js';

/**
 * What a failure asks for: `outage` and `contention` are tried again for ever (only an outage counts against the circuit
 * breaker), `duplicate` goes through staging, `data` has its row looked for, `position` has the offsets row looked at;
 * the rest need a person.
 */
export type FailureKind =
  | 'outage'
  | 'contention'
  | 'duplicate'
  | 'partition'
  | 'data'
  | 'position'
  | 'schema'
  | 'authentication'
  | 'unknown';

/** Raised by `kafka_offsets_advance` where an offsets row is not what the batch expects. */
export const POSITION_MISMATCH = 'TE001';

const SYSTEM_OUTAGES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EMFILE',
  'ENFILE',
  'EADDRNOTAVAIL',
  'ENOENT',
]);

/** What pg says, without a code, of a connection that went away. */
const LOST_CONNECTION =
  /connection terminated|timeout expired|not queryable|connection ended|stream destroyed|write after end/i;

/** Fields of a server's error message that decisions hang on. */
export interface ServerError {
  readonly code: string;
  readonly routine: string | undefined;
  readonly where: string | undefined;
}

/** The fields of an error that came from the server, undefined for any other. */
export function serverError(error: unknown): ServerError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, routine, where } = error as Error & Partial<ServerError>;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && 'severity' in error
    ? { code, routine, where }
    : undefined;
}

export function classify(error: unknown): FailureKind {
  if (error instanceof EngineError) return error.canRetry ? 'outage' : 'unknown';
  const fields = serverError(error);
  if (fields !== undefined) return classifySqlState(fields);
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && SYSTEM_OUTAGES.has(code)) return 'outage';
  // A host name with several addresses fails with one error per address.
  if (error instanceof AggregateError && error.errors.length > 0) return classify(error.errors[0]);
  if (LOST_CONNECTION.test(messageOf(error))) return 'outage';
  if (/^SASL|password/i.test(messageOf(error))) return 'authentication';
  return 'unknown';
}

function classifySqlState({ code, routine }: ServerError): FailureKind {
  if (code === '23505') return 'duplicate';
  if (code === POSITION_MISMATCH) return 'position';
  // The same SQLSTATE as a failed CHECK; the routine is what no language setting translates.
  if (code === '23514' && routine === 'ExecFindPartition') return 'partition';
  if (code === '40001' || code === '40P01' || code === '55P03') return 'contention';
  // A cancelled statement (57014) was an administrator's doing, an internal error (XX) or an object in use passes mostly.
  if (['25006', '57014', '55006'].includes(code) || /^(08|57P|53|58|XX|40)/.test(code)) return 'outage';
  if (/^(22|23|54)/.test(code) || code === 'P0001') return 'data';
  if (code.startsWith('28')) return 'authentication';
  return 'schema';
}

const COLUMN_TYPES: Readonly<Record<string, string>> = Object.fromEntries(
  TRADES.columns.map(([name, type]) => [name, columnType(type)]),
);

/** PostgreSQL's own word for a column as the migrations declare it. */
export function columnType(type: (typeof TRADES.columns)[number][1]): string {
  const names = {
    bool: 'boolean',
    int4: 'integer',
    int8: 'bigint',
    float8: 'double precision',
    numeric: 'numeric(20,0)',
  };
  return type in names ? names[type as keyof typeof names] : type;
}

/** The error to stop with: what failed, and what a person is to do about it. */
export function haltError(error: unknown, doing: string): EngineError {
  if (error instanceof EngineError) return error;
  const text = messageOf(error);
  const kind = classify(error);
  const fail = (code: ErrorCode, advice: string): EngineError =>
    new EngineError(code, `${doing} failed: ${text}.${advice === '' ? '' : ` ${advice}`}`, { cause: error });
  if (kind === 'authentication') {
    return fail(
      'DATABASE_AUTHENTICATION',
      'Check the user, the password and the database name of DATABASE_URL, and pg_hba.conf.',
    );
  }
  if (kind === 'outage' || kind === 'contention') {
    return new EngineError('DATABASE_UNREACHABLE', `${doing} failed: ${text}.`, { canRetry: true, cause: error });
  }
  if (kind === 'unknown') return fail('INVARIANT', '');
  if (kind === 'duplicate')
    return fail('DATABASE_CONFLICT', 'A unique constraint that is not the engine’s own is in the way.');
  if (kind === 'data') return fail('DATABASE_DATA', 'No single row could be found that causes it.');
  return fail('DATABASE_SCHEMA', adviceFor(error, text));
}

function adviceFor(error: unknown, text: string): string {
  const { code } = serverError(error) ?? { code: '' };
  if (code === '3D000') return 'Create the database, or name another in DATABASE_URL.';
  if (code === '42P01' || code === '42883') return 'Apply the migrations: run `migrate`.';
  if (code === '42703') {
    const column = /column "?([\w.]+)"?/.exec(text)?.[1] ?? '';
    const type = COLUMN_TYPES[column];
    return type === undefined
      ? 'Apply the migrations: run `migrate`.'
      : `Run: ALTER TABLE ${TRADES.name} ADD COLUMN ${column} ${type};`;
  }
  if (code === '42501') {
    const object = /(table|sequence|function|schema|view) "?([\w.]+)"?/.exec(text);
    return object === null
      ? 'The role lacks a privilege.'
      : `As the owner, run: GRANT ALL ON ${object[1]?.toUpperCase()} ${object[2]} TO <role of DATABASE_URL>;`;
  }
  return 'The schema is not what the migrations make it: compare it with src/sink/migrations.';
}
