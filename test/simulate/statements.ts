import { TOPIC } from './broker.js';
import type { Session, Statement } from './session.js';

export type Answer = Record<string, unknown>[] | Record<string, unknown>[][] | number;

type Execute = (session: Session, statement: Statement, clockMs: number) => Answer;

const NOTHING: Answer = [];

/** The engine's statements by what they are known by. A statement that is none of them fails the simulation. */
const STATEMENTS: readonly (readonly [known: string, execute: Execute])[] = [
  ['SELECT topic, partition, next_offset', readOffsets],
  ['kafka_offsets_advance(', advance],
  ['COPY solana_dex_trades', (session, { chunks }) => session.copy(chunks!)],
  ['COPY trades_staging', (session, { chunks }) => session.stage(chunks!)],
  ['WITH marked AS', (session, { values }) => session.move(values[0] as number[])],
  ['INSERT INTO ingest_dead_letters', letter],
  [
    'kafka_offsets_claim(',
    (session, { values }, clockMs) =>
      session.claim(values[2] as number, values[3] as number, values[4] as string, clockMs),
  ],
  [
    'SELECT next_offset FROM kafka_offsets',
    (session, { values }) => {
      const row = session.offsetsOf(values[2] as number);
      return row === undefined ? [] : [{ next_offset: String(row.next) }];
    },
  ],
  [
    'SELECT cluster_id AS',
    (session, { values }) =>
      session.offsetsOf(values[2] as number) === undefined ? [] : [{ clusterId: null, topicId: null }],
  ],
  [
    'ingest_gaps_record(',
    (session, { values }) => {
      const [, owner, , partition, epoch, from, to, , moves] = values as [
        string,
        string,
        string,
        number,
        number,
        number,
        number,
        string,
        boolean,
      ];
      return [{ recorded: session.recordGap(partition, from, to, epoch, owner, moves) }];
    },
  ],
  [
    'UPDATE kafka_offsets SET epoch = $4',
    (session, { values }, clockMs) => {
      const [, , partition, epoch, owner, ...was] = values as [
        string,
        string,
        number,
        number,
        string,
        number,
        string,
        number,
      ];
      session.restoreClaim(partition, epoch, owner, { epoch: was[0], owner: was[1], next: was[2] }, clockMs);
      return NOTHING;
    },
  ],
  ['WITH newest AS', (session, { values }) => [{ keys: session.recent(values[0] as number, values[1] as number) }]],
  ['FROM pg_stat_activity', (session, { values }) => session.endBlockersOf(values[0] as number, values[2] as number[])],
  ['FROM pg_temp.refused_trades()', (session) => session.refusedRows()],
  ['CREATE OR REPLACE FUNCTION pg_temp', () => NOTHING],
  ['CREATE TEMPORARY TABLE', () => NOTHING],
  ['ALTER TABLE trades_staging', () => NOTHING],
  ['solana_dex_trades_add_partition(', () => NOTHING],
  ['INSERT INTO solana_slots', () => NOTHING],
  ['SAVEPOINT slice', () => NOTHING],
  [
    'ROLLBACK',
    (session) => {
      session.rollback();
      return NOTHING;
    },
  ],
  [
    'BEGIN',
    (session) => {
      session.begin();
      return NOTHING;
    },
  ],
];

const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED;';
const ADVANCE = 'SELECT kafka_offsets_advance(';
/** Statements that are the same each time, by their text. */
const known = new Map<string, (typeof STATEMENTS)[number]>();

function find(text: string): (typeof STATEMENTS)[number] {
  // The two that differ each time, and come most often.
  if (text.startsWith(BEGIN)) return STATEMENTS[0]!;
  if (text.startsWith(ADVANCE)) return STATEMENTS[1]!;
  const before = known.get(text);
  if (before !== undefined) return before;
  const found = STATEMENTS.find(([part]) => text.includes(part));
  if (found === undefined) throw new Error(`the model of PostgreSQL does not know this statement: ${text}`);
  known.set(text, found);
  return found;
}

/** What the server answers. Throws ServerFault, and HeldError where the statement has to wait. */
export function execute(session: Session, statement: Statement, clockMs: number): Answer {
  return find(statement.text)[1](session, statement, clockMs);
}

/** A statement in few words, for the trace. */
export function nameOf({ text }: Statement): string {
  return find(text)[0].replace(/\($/, '');
}

export const isCommit = ({ text }: Statement): boolean => find(text)[1] === advance;

function readOffsets(session: Session, { text }: Statement): Answer {
  session.begin();
  const asked = text.slice(text.lastIndexOf(' IN (') + 5).split('), (');
  const rows = asked.flatMap((pair) => {
    const partition = Number.parseInt(pair.slice(pair.lastIndexOf(', ') + 2), 10);
    const row = session.offsetsOf(partition);
    if (row === undefined) return [];
    const { next, epoch, owner, claimedAtMs } = row;
    const claimed = new Date(claimedAtMs);
    return [{ topic: TOPIC, partition, next_offset: String(next), epoch: String(epoch), owner, claimed_at: claimed }];
  });
  return [[], rows];
}

function advance(session: Session, { text }: Statement): Answer {
  const [call, , partitions, froms, tos, epochs] = text.split('ARRAY[');
  const owner = call!.split("'")[3]!;
  const [partition, from, to, epoch] = [partitions!, froms!, tos!, epochs!].map(numbersOf);
  const parts = partition!.map((number, i) => ({ partition: number, from: from![i]!, to: to![i]!, epoch: epoch![i]! }));
  session.advanceAndCommit(owner, parts);
  return NOTHING;
}

function numbersOf(list: string): number[] {
  return list.slice(0, list.indexOf(']')).split(', ').map(Number);
}

function letter(session: Session, { values }: Statement): Answer {
  const [, , partition, offset, , , , , stage, errorClass] = values as [string, string, number, number, ...string[]];
  session.letter({ partition, offset, stage: stage!, errorClass: errorClass! });
  return NOTHING;
}
