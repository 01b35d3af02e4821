import type { Verdict } from '../ledger/ledger.js';
import type { SentLog } from '../ledger/sent-log.js';
import type { Faults } from './faults.js';
import type { Fleet, GenerationCounts } from './fleet.js';
import type { Endings, Killer } from './killer.js';
import type { ChaosOptions } from './options.js';
import type { KillKind } from './schedule.js';
import type { Watch } from './watch.js';

export interface ChaosReport {
  readonly clean: boolean;
  readonly seed: number;
  readonly engines: number;
  readonly broker: 'mock' | 'kafka';
  readonly kills: Readonly<Record<KillKind | 'total', number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly endings: Endings;
  readonly generations: GenerationCounts;
  /** Engines that ended by themselves, by their last words. */
  readonly surprises: Readonly<Record<string, number>>;
  readonly messages: number;
  readonly trades: Pick<
    Verdict['ledger']['trades'],
    'expected' | 'landed' | 'missing' | 'duplicated' | 'unexplained' | 'outOfOrder'
  >;
  readonly deadLetters: Verdict['ledger']['deadLetters'];
  /** How often the database was held against what was sent while it ran. */
  readonly looks: number;
  readonly seconds: number;
  readonly killsPerSecond: number;
  /** What is wrong, a sentence each. */
  readonly findings: readonly string[];
}

export interface Outcome {
  readonly options: ChaosOptions;
  readonly sent: SentLog;
  readonly killer: Killer;
  readonly faults: Faults;
  readonly fleet: Fleet;
  readonly watch: Watch;
  readonly verdict: Verdict;
  readonly late: readonly string[];
  readonly seconds: number;
  readonly killedSeconds: number;
}

const FINDINGS_MAX = 30;

export function reportOf(outcome: Outcome): ChaosReport {
  const { options, sent, killer, faults, fleet, watch, verdict, late } = outcome;
  const { expected, landed, missing, duplicated, unexplained, outOfOrder } = verdict.ledger.trades;
  const running = watch.findings.map(({ text }) => `while it ran: ${text}`);
  const gaveUp = fleet.surprises
    .filter(({ landed }) => landed)
    .map(({ generation, lastWords }) => `engine ${generation}, which had landed something, gave up: ${lastWords}`);
  const findings = [...running, ...verdict.findings.map(({ text }) => text), ...late, ...killer.findings, ...gaveUp];
  const { total } = killer;
  return {
    clean: findings.length === 0 && verdict.clean && expected > 0,
    seed: options.seed,
    engines: options.engines,
    broker: options.kafka ? 'kafka' : 'mock',
    kills: { total, ...killer.kills },
    faults: { total: faults.total, ...faults.counts, idle: faults.idle },
    endings: killer.endings,
    generations: fleet.counts,
    surprises: surprises(fleet),
    messages: sent.messages,
    trades: { expected, landed, missing, duplicated, unexplained, outOfOrder },
    deadLetters: verdict.ledger.deadLetters,
    looks: watch.ledger.looks,
    seconds: Math.round(outcome.seconds * 10) / 10,
    killsPerSecond: Math.round((total / outcome.killedSeconds) * 100) / 100,
    findings: findings.slice(0, FINDINGS_MAX),
  };
}

function surprises({ surprises: all }: Fleet): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { landed, code, signal, lastWords } of all) {
    const key = `${landed ? 'after landing' : 'before landing'}, ${signal ?? `code ${code}`}: ${lastWords.slice(0, 160)}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

export function liveLine({
  killer,
  faults,
  fleet,
  watch,
  sent,
  options,
}: Omit<Outcome, 'verdict' | 'late' | 'seconds' | 'killedSeconds'>): string {
  const ends = sent.partitions.reduce((sum, partition) => sum + sent.endOf(partition), 0);
  const landed = sent.partitions.reduce((sum, partition) => sum + watch.ledger.position(partition), 0);
  const engines = `${fleet.running.length} engines`;
  return `${killer.total} of ${options.kills} kills, ${faults.total} faults, ${engines}, ${sent.messages} messages, ${ends - landed} behind, ${watch.ledger.tradesLanded} trades held against`;
}

/** For people. */
export function reportLines(report: ChaosReport): string[] {
  const { kills, faults, trades, generations } = report;
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  return [
    `kills: ${list(kills)}, ${report.killsPerSecond} a second`,
    `faults: ${list(faults)}`,
    `engines: ${list({ ...generations })}; ends: ${list({ ...report.endings })}`,
    ...Object.entries(report.surprises).map(([words, count]) => `ended by themselves: ${count} × ${words}`),
    `${report.messages} messages; trades: ${list({ ...trades })}; dead letters: ${list({ ...report.deadLetters })}`,
    `held against what was sent ${report.looks} times while it ran, in ${report.seconds} s`,
    ...report.findings.map((finding) => `NOT CLEAN: ${finding}`),
    report.clean ? 'clean' : 'not clean',
  ];
}
