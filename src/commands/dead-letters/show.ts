import { parseArgs } from 'node:util';
import { EngineError } from '../../errors.js';
import { readLetter, type WholeLetter } from '../../sink/letter-store.js';
import { idOf } from './arguments.js';
import type { LettersContext } from './context.js';
import { LetterDecoder } from './decode-letter.js';
import { readMessage } from './describe-message.js';
import { hexdump, isoTime, letterJson, placeOf, printable } from './letter-text.js';
import { readTradeRow } from './read-row.js';

const EXIT_NOT_FOUND = 1;
const HEAD_BYTES = 256;
const TEXT_MAX = 4_000;

/** What the present version makes of a letter. */
interface Reading {
  readonly lines: readonly string[];
  readonly json: Record<string, unknown>;
}

/** `dead-letters show`: everything that can be read of a letter. */
export function showCommand(argv: string[]): (context: LettersContext) => Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  });
  const [text] = positionals;
  if (text === undefined || positionals.length > 1) {
    throw new EngineError('CONFIG_INVALID', 'dead-letters show wants the id of one letter: dead-letters show <id>');
  }
  const id = idOf(text);
  return async ({ config, connections }) => {
    const letter = await readLetter(await connections.open('show'), id);
    if (letter === null) {
      process.stderr.write(`There is no dead letter ${id}.\n`);
      return EXIT_NOT_FOUND;
    }
    const decoder = new LetterDecoder(config);
    try {
      const reading = letter.payloadFormat === 'message' ? await ofMessage(letter, decoder) : ofRow(letter);
      process.stdout.write(values.json ? `${JSON.stringify(jsonOf(letter, reading))}\n` : textOf(letter, reading));
    } finally {
      await decoder.close();
    }
    return 0;
  };
}

async function ofMessage(letter: WholeLetter, decoder: LetterDecoder): Promise<Reading> {
  const { rows, slots, fault } = await decoder.decode(letter, async () => ({ sol: 0, usd: 0, trades: 0 }));
  const { slot, parts, stop } = readMessage(letter.payload);
  const counted = [...parts].map(([path, count]) => `${count} ${path}`);
  const lines = [
    `decoder     ${fault === null ? 'reads it now' : `${fault.errorClass}: ${printable(fault.errorText, TEXT_MAX)}`}`,
    `makes       ${rows} trades, ${slots.length} slot headers`,
    `readable    ${[...(slot === null ? [] : [`slot ${slot}`]), ...counted].join(', ') || 'nothing'}`,
  ];
  if (stop !== null) {
    lines.push(`stops       at byte ${stop.at} of ${letter.payload.length}, in ${stop.path}: ${stop.text}`);
  } else lines.push(`stops       nowhere: all ${letter.payload.length} bytes are fields`);
  const json = {
    decoder: { error_class: fault?.errorClass ?? null, error_text: fault?.errorText ?? null, trades: rows },
    readable: { slot, parts: Object.fromEntries(parts), stop },
  };
  return { lines, json };
}

function ofRow({ payload }: WholeLetter): Reading {
  const { fields, stop } = readTradeRow(payload);
  const lines = fields.map(([column, value]) => `  ${column.padEnd(18)} ${value === null ? 'NULL' : printable(value)}`);
  if (stop !== null) lines.push(`stops       ${stop}`);
  return { lines: ['row', ...lines], json: { row: Object.fromEntries(fields), stop } };
}

function textOf(letter: WholeLetter, { lines }: Reading): string {
  const { attempts, lastErrorClass, lastErrorText, key, payload } = letter;
  const last = lastErrorClass === null ? '' : `, last ${lastErrorClass}: ${printable(lastErrorText ?? '', TEXT_MAX)}`;
  const tries = attempts === 0 ? 'never' : `${attempts} times, at ${isoTime(letter.attemptedAtMs)}${last}`;
  const replayed =
    letter.replayedAtMs === null ? '' : ` at ${isoTime(letter.replayedAtMs)} with ${letter.replayedRows} trades`;
  const head = hexdump(payload, HEAD_BYTES);
  return [
    `#${letter.id}`,
    `message     ${placeOf(letter)}, group ${letter.groupId}, of ${isoTime(letter.timestampMs)}`,
    `kept        ${isoTime(letter.createdAtMs)}, as ${letter.payloadFormat}, ${payload.length} bytes`,
    `error       ${letter.stage}: ${letter.errorClass}: ${printable(letter.errorText, TEXT_MAX)}`,
    `status      ${letter.status}${replayed}`,
    `tried       ${tries}`,
    `key         ${key === null ? 'none' : `${printable(Buffer.from(key).toString('latin1'))} (${key.length} bytes)`}`,
    ...lines,
    `bytes       ${payload.length > HEAD_BYTES ? `the first ${HEAD_BYTES} of ${payload.length}` : payload.length}`,
    ...head.map((line) => `  ${line}`),
    '',
  ].join('\n');
}

function jsonOf(letter: WholeLetter, { json }: Reading): Record<string, unknown> {
  const { key, payload } = letter;
  const keyBase64 = key === null ? null : Buffer.from(key).toString('base64');
  const payloadBase64 = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('base64');
  return { ...letterJson(letter), kafka_key_base64: keyBase64, payload_base64: payloadBase64, ...json };
}
