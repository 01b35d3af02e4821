import { readFile } from 'node:fs/promises';
import { REQUIRED_BY } from '../config.js';
import { loadConfig } from '../config-load.js';
import { EngineError, invariant, messageOf } from '../errors.js';
import { haltError } from '../sink/classify.js';
import { Connection, describeTarget } from '../sink/connection.js';
import { type Arguments, completenessArguments } from './completeness/arguments.js';
import { judge, type ReferenceHour } from './completeness/compare.js';
import { completenessJson, completenessText, type Report } from './completeness/completeness-text.js';
import { duplicateCounts, hourCounts, offsetCounts, type Span, storeResults } from './completeness/queries.js';
import { csvReference, tableReference } from './completeness/reference.js';

/** All was measured, and some of it is flagged. */
const EXIT_FLAGGED = 3;
/** Counting the trades of a month moves no byte for as long as it takes. */
const STALL_MS = 1_800_000;

/** Holds what landed, hour by hour, against a reference and against itself. */
export async function completeness(argv: string[]): Promise<number> {
  const asked = completenessArguments(argv, process.env, Date.now());
  const { config, warnings } = loadConfig(process.env, { requires: REQUIRED_BY.completeness });
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  invariant(config.databaseUrl !== undefined, 'The loader lets nothing be compared without a DATABASE_URL.');
  const connection = await open(config.databaseUrl);
  try {
    const report = await measure(connection, asked);
    process.stdout.write(`${asked.json ? JSON.stringify(completenessJson(report)) : completenessText(report)}\n`);
    if (asked.store) await storeResults(connection, report.span, report.comparedTo, report.measures);
    return asked.fail && report.findings.length > 0 ? EXIT_FLAGGED : 0;
  } catch (error) {
    throw error instanceof EngineError ? error : haltError(error, 'completeness');
  } finally {
    await connection.end();
  }
}

async function measure(connection: Connection, asked: Arguments): Promise<Report> {
  const { span, threshold } = asked;
  // One snapshot: rows that land between two statements would be ahead of a position read before.
  await begin(connection);
  const hours = await hourCounts(connection, span);
  const offsets = await offsetCounts(connection, span);
  const duplicates = await duplicateCounts(connection, span);
  const reference = await referenceOf(connection, asked);
  await connection.rows('COMMIT');
  if (reference?.length === 0)
    throw new EngineError(
      'CONFIG_INVALID',
      `--reference: has nothing between ${new Date(span.sinceMs).toISOString()} and ${new Date(span.untilMs).toISOString()}; choose other hours with --since and --until`,
    );
  const verdict = judge({ hours, offsets, duplicates, reference }, threshold);
  return { ...verdict, span, threshold, offsets, comparedTo: nameOf(asked), duplicates: duplicates.extra };
}

async function referenceOf(own: Connection, { reference, table, span }: Arguments): Promise<ReferenceHour[] | null> {
  if (reference === null) return null;
  if (reference.kind === 'table') return tableReference(own, reference.value, span);
  if (reference.kind === 'csv') {
    const text = await readFile(reference.value, 'utf8').catch((error: unknown) => {
      throw new EngineError('CONFIG_INVALID', `--reference: cannot be read: ${messageOf(error)}`);
    });
    return csvReference(text, span);
  }
  const other = await open(reference.value);
  try {
    await begin(other);
    return (await engineReference(other, table, span)) ?? (await tableReference(other, table, span));
  } finally {
    await other.end();
  }
}

/** Of an engine’s own database: its view of trades cannot be asked for a span without reading all of it, its tables can. */
async function engineReference(other: Connection, table: string, span: Span): Promise<ReferenceHour[] | null> {
  const [row] = await other.rows<{ engine: boolean }>(
    "SELECT to_regclass('solana_dex_trades') IS NOT NULL AND to_regclass('solana_slots') IS NOT NULL AS engine",
  );
  if (table !== 'dex_trades' || row?.engine !== true) return null;
  return (await hourCounts(other, span)).filter(({ trades }) => trades > 0);
}

/** What may be printed and kept of the reference. */
function nameOf({ reference, table }: Arguments): string {
  if (reference === null) return 'itself';
  return reference.kind === 'database' ? `${table} of ${describeTarget(reference.value)}` : reference.value;
}

async function begin(connection: Connection): Promise<void> {
  await connection.rows("SET TIME ZONE 'UTC'");
  await connection.rows('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
}

async function open(url: string): Promise<Connection> {
  const options = { url, applicationName: 'trades-completeness', stallTimeoutMs: STALL_MS, lockTimeoutMs: 0 };
  try {
    return await Connection.open(options);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError('DATABASE_UNREACHABLE', `${describeTarget(url)}: ${messageOf(error)}`, { cause: error });
  }
}
