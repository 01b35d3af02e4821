import { TRADES } from '../../src/tables.js';
import { CopyEncoder } from '../../src/workers/copy-encoder.js';
import { decodeSlab } from '../../src/workers/slab.js';
import { type CopyValue, readRows } from './copy-rows.js';
import type { Case, Group } from './rounds.js';
import type { Sample } from './slabs.js';

const encoder = new CopyEncoder();

function encodeBinary(rows: readonly CopyValue[][]): Uint8Array {
  for (const row of rows) {
    encoder.beginRow(row.length);
    TRADES.columns.forEach(([, type], column) => {
      encodeField(type, row[column] ?? null);
    });
  }
  return encoder.take();
}

function encodeField(type: (typeof TRADES.columns)[number][1], value: CopyValue): void {
  if (value === null) encoder.null();
  else if (type === 'text') encoder.text(value as string);
  else if (type === 'bool') encoder.bool(value as boolean);
  else if (type === 'int4') encoder.int4(value as number);
  else if (type === 'int8') encoder.int8(value as number);
  else if (type === 'float8') encoder.float8(value as number);
  else if (type === 'timestamptz') encoder.timestamptz(value as number);
  else encoder.numeric((value as { high: number }).high, (value as { low: number }).low);
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function plain(value: CopyValue, type: (typeof TRADES.columns)[number][1]): string | number | boolean {
  if (type === 'timestamptz') return new Date(value as number).toISOString();
  if (typeof value !== 'object' || value === null) return value as string | number | boolean;
  return ((BigInt(value.high) << 32n) | BigInt(value.low)).toString();
}

function encodeText(rows: readonly CopyValue[][]): Uint8Array {
  let text = '';
  for (const row of rows) {
    text += `${row
      .map((value, column) => {
        if (value === null) return '\\N';
        const field = plain(value, TRADES.columns[column]![1]);
        return typeof field === 'string' ? field.replaceAll(/[\\\t\n\r]/g, (character) => ESCAPES[character]!) : field;
      })
      .join('\t')}\n`;
  }
  return Buffer.from(text);
}

function encodeInsert(rows: readonly CopyValue[][]): Uint8Array {
  const tuples = rows.map((row) => {
    const fields = row.map((value, column) => {
      if (value === null) return 'NULL';
      const field = plain(value, TRADES.columns[column]![1]);
      return typeof field === 'string' ? `'${field.replaceAll("'", "''")}'` : String(field);
    });
    return `(${fields.join(',')})`;
  });
  return Buffer.from(`INSERT INTO ${TRADES.name} VALUES ${tuples.join(',')}`);
}

/** Ways to write rows for the database, from values to bytes; the engine's workers write the first. */
export function copyGroup(samples: readonly Sample[], rowsMax: number): Group {
  const sets = samples.map(({ slabs }) =>
    slabs.flatMap((slab) => readRows(decodeSlab(slab, { messageMaxBytes: 8_388_608 }).trades)).slice(0, rowsMax),
  );
  const one = (key: string, name: string, encode: (rows: readonly CopyValue[][]) => Uint8Array): Case => ({
    key,
    name,
    run: (round) => {
      const rows = sets[round % sets.length]!;
      return { bytes: encode(rows).length, items: rows.length };
    },
  });
  return {
    key: 'copy',
    title: `Rows to bytes: ${sets[0]?.length.toLocaleString('en-US')} rows of ${TRADES.columns.length} columns`,
    item: 'row',
    cases: [
      one('binary', 'binary COPY (CopyEncoder)', encodeBinary),
      one('text', 'text COPY', encodeText),
      one('insert', 'INSERT … VALUES', encodeInsert),
    ],
    note: 'From JavaScript values. The engine’s walker writes most fields without making a value of them.',
  };
}
