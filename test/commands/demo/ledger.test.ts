import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Landed, type LandedTrade, type SentMessage, settle } from '../../../src/commands/demo/ledger.js';

const trade = (txIndex: number) => ({ slot: 100, txIndex, tradeIndex: 0 });

/** Partition 0: a trade, its repeat with another trade, poison; partition 1: nothing but an empty message. */
const SENT: readonly SentMessage[] = [
  { partition: 0, offset: 0, poison: false, trades: [trade(1)] },
  { partition: 0, offset: 1, poison: false, trades: [trade(1), trade(2)] },
  { partition: 0, offset: 2, poison: true, trades: [] },
  { partition: 1, offset: 0, poison: false, trades: [] },
];

const row = (txIndex: number, offset: number, committedAtUs: number | null = offset): LandedTrade => ({
  ...trade(txIndex),
  partition: 0,
  offset,
  committedAtUs,
});

const LANDED: Landed = {
  trades: [row(1, 0), row(2, 1)],
  deadLetters: [{ partition: 0, offset: 2 }],
  gaps: [],
  nextOffsets: new Map([
    [0, 3],
    [1, 1],
  ]),
};

function problemsOf(landed: Partial<Landed>): readonly string[] {
  const ledger = settle(SENT, { ...LANDED, ...landed });
  assert.equal(ledger.clean, false);
  return ledger.problems;
}

test('a ledger is clean where every trade landed once, from its first message, and every poison is a dead letter', () => {
  const ledger = settle(SENT, LANDED);
  assert.deepEqual(ledger.problems, []);
  assert.equal(ledger.clean, true);
  assert.equal(ledger.messages, 4);
  assert.deepEqual(ledger.trades, {
    produced: 3,
    expected: 2,
    landed: 2,
    missing: 0,
    duplicated: 0,
    unexplained: 0,
    outOfOrder: 0,
    compared: 0,
    wrong: 0,
  });
  assert.deepEqual(ledger.deadLetters, { planned: 1, landed: 1, missing: 0, unexplained: 0 });
});

test('the order in which sent messages and landed rows are told does not matter', () => {
  assert.equal(settle([...SENT].reverse(), { ...LANDED, trades: [...LANDED.trades].reverse() }).clean, true);
});

test('a missing trade is named with the message that carried it first', () => {
  assert.deepEqual(problemsOf({ trades: [row(2, 1)] }), ['missing: trade 100/1/0, sent in partition 0 offset 0']);
});

test('a second row of a trade is a duplicate', () => {
  assert.deepEqual(problemsOf({ trades: [...LANDED.trades, row(1, 0, null)] }), [
    'duplicated: trade 100/1/0, partition 0 offset 0',
  ]);
});

test('a row that nobody sent is unexplained', () => {
  assert.deepEqual(problemsOf({ trades: [...LANDED.trades, row(9, 1)] }), [
    'unexplained: trade 100/9/0, partition 0 offset 1, was never sent',
  ]);
});

test('a row that came of a repeat instead of the first message is out of order', () => {
  const ledger = settle(SENT, { ...LANDED, trades: [row(1, 1), row(2, 1)] });
  assert.equal(ledger.trades.outOfOrder, 1);
  assert.match(ledger.problems[0]!, /^out of order: trade 100\/1\/0 came of partition 0 offset 1/);
});

test('a row that was visible before an earlier offset of its partition is out of order', () => {
  assert.deepEqual(problemsOf({ trades: [row(1, 0, 50), row(2, 1, 40)] }), [
    'out of order: trade 100/2/0, partition 0 offset 1, was visible before offset 0',
  ]);
});

test('a planned dead letter that is missing, one nobody planned and one twice are named', () => {
  assert.deepEqual(problemsOf({ deadLetters: [] }), ['missing dead letter: partition 0 offset 2']);
  const one = { partition: 0, offset: 2 };
  assert.deepEqual(problemsOf({ deadLetters: [one, one] }), ['duplicated dead letter: partition 0 offset 2']);
  assert.deepEqual(problemsOf({ deadLetters: [one, { partition: 1, offset: 0 }] }), [
    'unexplained dead letter: partition 1 offset 0',
  ]);
});

test('a position short of the end, one beyond it and none at all are named', () => {
  const position = (next: number | null): Partial<Landed> => ({
    nextOffsets: new Map<number, number>([[0, 3], ...(next === null ? [] : [[1, next] as const])]),
  });
  assert.deepEqual(problemsOf(position(0)), ['position: partition 1 stands at 0, its end is 1']);
  assert.deepEqual(problemsOf(position(7)), ['position: partition 1 stands at 7, its end is 1']);
  assert.deepEqual(problemsOf(position(null)), ['position: partition 1 stands at nothing, its end is 1']);
});

test('a position of a partition that nothing was sent to is named', () => {
  assert.deepEqual(problemsOf({ nextOffsets: new Map([...LANDED.nextOffsets, [7, 2]]) }), [
    'position: partition 7 stands at 2, its end is 0',
  ]);
});

test('a gap is clean only where it was planned', () => {
  assert.deepEqual(problemsOf({ gaps: [{ partition: 0, from: 3, to: 6 }] }), ['gap: partition 0, offsets 3 to 5']);
  const skipped = { partition: 0, from: 1, to: 2 };
  const without = { ...LANDED, trades: [row(1, 0)], gaps: [skipped] };
  assert.equal(settle(SENT, without, [skipped]).clean, true);
  const wider = settle(SENT, { ...without, gaps: [{ ...skipped, to: 3 }] }, [skipped]);
  assert.deepEqual(wider.problems, ['gap: partition 0, offsets 1 to 2']);
});

test('a trade of a stretch that was not to be read is unexplained, and one it shares must come of the message behind it', () => {
  const skipped = [{ partition: 0, from: 0, to: 1 }];
  assert.equal(settle(SENT, { ...LANDED, trades: [row(1, 1), row(2, 1)] }, skipped).clean, true);
  const first = settle(SENT, LANDED, skipped);
  assert.deepEqual(first.problems, [
    'out of order: trade 100/1/0 came of partition 0 offset 0, but was first sent in partition 0 offset 1',
  ]);
  const poison = settle(SENT, LANDED, [{ partition: 0, from: 2, to: 3 }]);
  assert.deepEqual(poison.problems, ['unexplained dead letter: partition 0 offset 2']);
});

test('a trade that two partitions carry may come of either, but of the first message there', () => {
  const sent = [
    { partition: 0, offset: 0, poison: false, trades: [trade(1)] },
    { partition: 1, offset: 0, poison: false, trades: [trade(1)] },
    { partition: 1, offset: 1, poison: false, trades: [trade(1)] },
  ];
  const from = (partition: number, offset: number) =>
    settle(sent, {
      trades: [{ ...row(1, offset), partition }],
      deadLetters: [],
      gaps: [],
      nextOffsets: new Map([
        [0, 1],
        [1, 2],
      ]),
    });
  assert.equal(from(0, 0).clean, true);
  assert.equal(from(1, 0).clean, true);
  assert.deepEqual(from(1, 1).problems, [
    'out of order: trade 100/1/0 came of partition 1 offset 1, but was first sent in partition 0 offset 0 and partition 1 offset 0',
  ]);
});

test('each finding says its kind, its partition and its offset', () => {
  const { findings } = settle(SENT, { ...LANDED, trades: [row(2, 1)], deadLetters: [] });
  assert.deepEqual(
    findings.map(({ kind, partition, offset }) => [kind, partition, offset]),
    [
      ['missing-trade', 0, 0],
      ['missing-dead-letter', 0, 2],
    ],
  );
});

test('a row that differs from its known answer is named with the column', () => {
  const known = { side: 'buy', price: 0.25 } as never;
  const sent = [{ partition: 0, offset: 0, poison: false, trades: [{ ...trade(1), row: known }] }];
  const landed = (price: number): Landed => ({
    trades: [{ ...row(1, 0), row: { side: 'buy', price, market: 'anything' } }],
    deadLetters: [],
    gaps: [],
    nextOffsets: new Map([[0, 1]]),
  });
  assert.deepEqual(settle(sent, landed(0.25 + 1e-17)).trades.compared, 1);
  assert.equal(settle(sent, landed(0.25)).clean, true);
  assert.deepEqual(settle(sent, landed(0.26)).problems, [
    'wrong: trade 100/1/0, partition 0 offset 0: price is 0.26, not 0.25',
  ]);
});

test('the list of what is wrong is capped and says how much it leaves out', () => {
  const trades = Array.from({ length: 100 }, (_, index) => row(1_000 + index, 0));
  const { problems } = settle(SENT, { ...LANDED, trades: [...LANDED.trades, ...trades] });
  assert.equal(problems.length, 21);
  assert.equal(problems.at(-1), '… and 80 more');
});
