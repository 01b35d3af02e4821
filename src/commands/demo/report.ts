import type { NewTrade } from './landing.js';
import type { Ledger } from './ledger.js';
import type { Snapshot } from './progress.js';
import type { Screen } from './screen.js';

type Paint = Pick<Screen, 'bold' | 'dim' | 'green' | 'red'>;

const KNOWN_MINTS: Readonly<Record<string, string>> = {
  '11111111111111111111111111111111': 'SOL',
  So11111111111111111111111111111111111111112: 'WSOL',
  EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v: 'USDC',
  Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB: 'USDT',
};

/** One line of at most 80 columns. */
export function liveLine(seconds: number, snapshot: Snapshot, kills: number, paint: Paint): string {
  const p99 = snapshot.p99Ms === null ? '–' : `${Math.round(snapshot.p99Ms)} ms`;
  const figures = [
    [snapshot.messagesPerSecond.toFixed(0), 'messages/s'],
    [snapshot.tradesPerSecond.toFixed(0), 'trades/s'],
    [snapshot.megabytesPerSecond.toFixed(1), 'MB/s'],
  ].map(([figure = '', unit = '']) => `${paint.bold(figure.padStart(5))} ${paint.dim(unit)}`);
  const rest = `${paint.dim('lag')} ${paint.bold(String(snapshot.lag))}  ${paint.dim('p99')} ${paint.bold(p99)}`;
  const killed = kills === 0 ? '' : `  ${paint.red(`${kills} killed`)}`;
  return `${`${Math.floor(seconds)} s`.padStart(6)} ${figures.join(' ')}   ${rest}${killed}`;
}

/** A heading and a line per trade, at most 96 columns. */
export function tradeTable(trades: readonly NewTrade[], paint: Paint): string[] {
  const heading = row('time', 'protocol', 'side', 'bought', 'sold', 'USD', 'trader');
  return ['', paint.dim(heading), ...trades.map(tradeRow), ''];
}

function tradeRow(trade: NewTrade): string {
  return row(
    trade.time === null ? '' : trade.time.toISOString().slice(11, 19),
    (trade.protocol ?? '–').slice(0, 17),
    trade.side ?? '–',
    money(trade.bought, trade.boughtMint),
    money(trade.sold, trade.soldMint),
    trade.usd === null ? '–' : amount(trade.usd),
    trade.trader === null ? '–' : short(trade.trader),
  );
}

function row(
  time: string,
  protocol: string,
  side: string,
  bought: string,
  sold: string,
  usd: string,
  who: string,
): string {
  return `  ${time.padEnd(8)}  ${protocol.padEnd(17)} ${side.padEnd(4)} ${bought.padStart(18)} ${sold.padStart(18)} ${usd.padStart(9)}  ${who}`;
}

function money(value: number | null, mint: string | null): string {
  if (value === null) return '–';
  return `${amount(value)} ${mint === null ? '?' : (KNOWN_MINTS[mint] ?? short(mint)).padEnd(9)}`;
}

function short(address: string): string {
  return `${address.slice(0, 4)}…${address.slice(-4)}`;
}

const UNITS = [
  [1e15, 'Q'],
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** Four significant figures in at most 7 columns. */
export function amount(value: number): string {
  for (const [size, unit] of UNITS) {
    if (value >= size * 1_000) return value.toExponential(1);
    if (value >= size) return `${(value / size).toPrecision(4)}${unit}`;
  }
  if (value === 0) return '0';
  return value >= 0.01 ? value.toPrecision(4) : value.toExponential(1);
}

export interface Outcome {
  readonly seconds: number;
  readonly kills: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** The ledger for people. */
export function ledgerLines(ledger: Ledger, outcome: Outcome, paint: Paint): string[] {
  const { trades, deadLetters } = ledger;
  const heading = line('', ['produced', 'expected', 'landed', 'missing', 'duplicated']);
  const must = (count: number, text: string): string => (count === 0 ? paint.green(text) : paint.red(text));
  const rows = [
    line('trades', [trades.produced, trades.expected, trades.landed, trades.missing, trades.duplicated].map(grouped)),
    line('dead letters', [
      ...[deadLetters.planned, deadLetters.planned, deadLetters.landed, deadLetters.missing].map(grouped),
      grouped(deadLetters.unexplained),
    ]),
  ];
  const checks = (
    [
      ['rows nobody sent', trades.unexplained],
      ['out of order', trades.outOfOrder],
      ['gaps', ledger.gaps],
      ['partitions not at their end', ledger.partitionsOff],
      [`of ${grouped(trades.compared)} rows compared in every column, wrong`, trades.wrong],
    ] as const
  ).map(([what, count]) => `  ${what}: ${must(count, grouped(count))}`);
  return [
    '',
    paint.bold(`  Ledger of ${grouped(ledger.messages)} messages in ${Math.round(outcome.seconds)} s`),
    '',
    paint.dim(heading),
    ...rows,
    '',
    ...checks,
    `  from record to visible row: p50 ${milliseconds(outcome.p50Ms)}, p99 ${milliseconds(outcome.p99Ms)}`,
    ...(outcome.kills === 0 ? [] : [`  engine killed and started again: ${outcome.kills} times`]),
    '',
    ...ledger.problems.map((problem) => paint.red(`  ${problem}`)),
    ledger.clean
      ? paint.green(paint.bold('  Clean: every trade landed exactly once, in order.'))
      : paint.red(paint.bold('  Not clean.')),
    '',
  ];
}

function line(name: string, figures: readonly string[]): string {
  return `  ${name.padEnd(14)}${figures.map((figure) => figure.padStart(12)).join('')}`;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

function milliseconds(value: number | null): string {
  return value === null ? 'unknown' : `${grouped(Math.round(value))} ms`;
}

/** The ledger for programs: one object on one line. */
export function ledgerJson(ledger: Ledger, outcome: Outcome): string {
  const { produced, expected, landed, missing, duplicated } = ledger.trades;
  return JSON.stringify({
    messages: ledger.messages,
    trades: { produced, expected, landed, missing, duplicated },
    deadLetters: ledger.deadLetters.landed,
    seconds: Math.round(outcome.seconds * 10) / 10,
    p99Ms: outcome.p99Ms === null ? null : Math.round(outcome.p99Ms * 10) / 10,
  });
}
