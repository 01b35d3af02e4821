import { EngineError } from '../errors.js';
import type { PartWork } from './batch-work.js';
import type { DeadLetter } from './dead-letters.js';
import type { LetterFlood, Stretch, Tally } from './letter-flood.js';

/** Messages and rows of parts on their way, and those of them that are to become dead letters. */
export function tallyOf(parts: readonly PartWork[]): Tally {
  const rows = parts.reduce((sum, { part }) => sum + part.tradeRows, 0);
  const refused = parts.reduce((sum, { rejected }) => sum + rejected.length, 0);
  return { messages: parts.flatMap(messageStretches), rows: rows === 0 ? [] : [{ units: rows, letters: refused }] };
}

/**
 * Messages of a part in the order of their offsets. Which offsets hold no message (a transaction's marker, a record
 * compacted away) is not known: what lies between two bad ones counts as good messages, as many as there can be.
 */
function messageStretches(work: PartWork): Stretch[] {
  const { from, to, messages } = work.part;
  const bad = [...new Set(work.deadLetters().map(({ offset }) => offset))].sort((a, b) => a - b);
  if (bad.length === 0) return messages === 0 ? [] : [{ units: messages, letters: 0 }];
  const stretches: Stretch[] = [];
  let good = Math.max(0, messages - bad.length);
  let next = from;
  for (const offset of [...bad, to]) {
    const units = Math.min(good, offset - next);
    good -= units;
    if (units > 0) stretches.push({ units, letters: 0 });
    if (offset < to) stretches.push({ units: 1, letters: 1 });
    next = offset + 1;
  }
  return stretches;
}

/** Throws DEAD_LETTER_FLOOD where too much of the parts, or of what landed before with them, is dead letters. */
export function haltAtFlood(flood: LetterFlood, parts: readonly PartWork[]): void {
  const tally = tallyOf(parts);
  const found = flood.check(tally);
  if (found === null) return;
  const letters = parts.flatMap((part) => part.deadLetters());
  const blamed = letters.filter(({ stage }) => stage === 'sink' || found.of === 'messages');
  const example = blamed.at(-1);
  const [rows] = tally.rows;
  const what =
    found.of === 'rows' && rows !== undefined
      ? `The database refuses ${rows.letters} of the ${rows.units} rows of a batch`
      : found.limit === 'row'
        ? `${found.letters} messages in a row would become dead letters`
        : `${found.letters} of the last ${found.units} messages would be dead letters`;
  const last = example === undefined ? '' : `: ${placeOf(example)} ${example.errorClass}, ${example.errorText}`;
  const remedy = blamed.some(({ stage }) => stage === 'decode')
    ? 'Look whether KAFKA_TOPIC is the topic it is to be and whether a newer version reads it'
    : 'Look at the constraints and triggers of solana_dex_trades, mend what is in the way';
  throw new EngineError(
    'DEAD_LETTER_FLOOD',
    `${what}, and that many do not fail by their own fault${last}. Nothing of the batch was written, and what landed before stays. ` +
      `${remedy}, and restart. To go on regardless, raise DEAD_LETTERS_PERCENT_MAX and DEAD_LETTERS_IN_A_ROW; \`dead-letters replay\` lands what can be landed later.`,
  );
}

function placeOf({ topic, partition, offset }: DeadLetter): string {
  return `partition ${partition} of ${topic} at offset ${offset}:`;
}
