import { type Finding, keyOf, type Place, type TradeKey } from '../../src/commands/demo/ledger.js';
import { type AuditFinding, type Change, isMove, Trail, uncovered } from './audit.js';
import type { SentLog } from './sent-log.js';

/** A row of the trades table and the transaction that wrote it. */
export interface RunningRow extends Place, TradeKey {
  readonly xid: number;
}

/** What one snapshot of the database shows beyond the one before it. */
export interface Look {
  /** New changes of the offsets rows, each partition's in their order. */
  readonly changes: readonly Change[];
  /** Rows of the stretches that the new changes moved over. */
  readonly rows: readonly RunningRow[];
  /** Dead letters of those stretches. */
  readonly deadLetters: readonly Place[];
  /** Rows and dead letters at or beyond their partition's position. */
  readonly beyond: readonly Place[];
}

type RunningFinding = Finding | AuditFinding;

interface Reached {
  /** Everything below is known of as sent, and its trades are counted. */
  indexed: number;
  /** Everything below was held against the database. */
  checked: number;
  /** Position by the last change. */
  position: number;
}

/**
 * The ledger while an engine runs, from look to look: every stretch that a position moved over holds the trades and dead
 * letters that were sent there, once, from their first message, in the transaction that moved the position, and nothing
 * else; nothing is there yet beyond a position. A stretch whose messages are not all known of as sent waits. Pure.
 */
export class RunningLedger {
  readonly #sent: SentLog;
  readonly #trail = new Trail();
  readonly #reached = new Map<number, Reached>();
  /** Where each trade was sent first, by partition, as far as indexed. */
  readonly #firsts = new Map<string, Place[]>();
  readonly #landed = new Map<string, Place>();
  readonly #letters = new Map<string, Place>();
  #unjudgedRows: RunningRow[] = [];
  #unjudgedLetters: Place[] = [];
  looks = 0;

  constructor(sent: SentLog) {
    this.#sent = sent;
  }

  get tradesLanded(): number {
    return this.#landed.size;
  }

  /** Position of a partition at the last look. */
  position(partition: number): number {
    return this.#reached.get(partition)?.position ?? 0;
  }

  apply(look: Look): RunningFinding[] {
    this.looks += 1;
    const findings: RunningFinding[] = [];
    this.#follow(look, findings);
    for (const place of look.beyond) {
      const text = `beyond the position: partition ${place.partition} offset ${place.offset} is there already`;
      findings.push({ kind: 'out-of-order-trade', ...at(place), text });
    }
    for (const partition of this.#sent.partitions) this.#index(partition);
    this.#unjudgedRows = [...this.#unjudgedRows, ...look.rows].filter((row) => !this.#judgeRow(row, findings));
    this.#unjudgedLetters = [...this.#unjudgedLetters, ...look.deadLetters].filter(
      (letter) => !this.#judgeLetter(letter, findings),
    );
    for (const [partition, reached] of this.#reached) this.#check(partition, reached, findings);
    return findings;
  }

  #follow({ changes, rows }: Look, findings: RunningFinding[]): void {
    const moves = new Map<string, { from: number; to: number }[]>();
    for (const change of changes) {
      const finding = this.#trail.follow(change);
      if (finding !== null) findings.push(finding);
      this.#of(change.partition).position = change.to;
      if (!isMove(change)) continue;
      const of = `${change.xid}/${change.partition}`;
      moves.set(of, [...(moves.get(of) ?? []), change]);
    }
    const strays = rows.filter(({ xid, partition, offset }) => {
      const own = moves.get(`${xid}/${partition}`) ?? [];
      return !own.some(({ from, to }) => offset >= from && offset < to);
    });
    for (const row of strays) findings.push(uncovered(row));
  }

  #index(partition: number): void {
    const reached = this.#of(partition);
    const end = this.#sent.knownTo(partition, reached.indexed);
    for (; reached.indexed < end; reached.indexed += 1) {
      const message = this.#sent.at(partition, reached.indexed);
      for (const trade of message?.trades ?? []) {
        const key = keyOf(trade);
        const places = this.#firsts.get(key);
        const place = { partition, offset: reached.indexed };
        if (places === undefined) this.#firsts.set(key, [place]);
        else if (!places.some((first) => first.partition === partition)) places.push(place);
      }
    }
  }

  /** False where the row's message is not known of yet. */
  #judgeRow(row: RunningRow, findings: RunningFinding[]): boolean {
    const { partition, offset } = row;
    if (offset >= this.#of(partition).indexed) return false;
    const key = keyOf(row);
    const where = `trade ${key}, partition ${partition} offset ${offset}`;
    const places = this.#firsts.get(key);
    const twice = this.#landed.get(key);
    if (places === undefined)
      findings.push({ kind: 'unexplained-trade', partition, offset, text: `unexplained: ${where}` });
    else if (twice !== undefined) {
      const text = `duplicated: ${where}, is there from partition ${twice.partition} offset ${twice.offset}`;
      findings.push({ kind: 'duplicated-trade', partition, offset, text });
    } else if (!places.some((first) => first.partition === partition && first.offset === offset)) {
      findings.push({ kind: 'out-of-order-trade', partition, offset, text: `not from its first message: ${where}` });
    }
    this.#landed.set(key, { partition, offset });
    return true;
  }

  #judgeLetter(letter: Place, findings: RunningFinding[]): boolean {
    const { partition, offset } = letter;
    if (offset >= this.#of(partition).indexed) return false;
    const where = `${partition}/${offset}`;
    const text = `dead letter: partition ${partition} offset ${offset}`;
    if (this.#sent.at(partition, offset)?.poison !== true)
      findings.push({ kind: 'unexplained-dead-letter', partition, offset, text: `unexplained ${text}` });
    else if (this.#letters.has(where))
      findings.push({ kind: 'duplicated-dead-letter', partition, offset, text: `duplicated ${text}` });
    this.#letters.set(where, at(letter));
    return true;
  }

  /** Nothing below the position may be missing. */
  #check(partition: number, reached: Reached, findings: RunningFinding[]): void {
    const end = Math.min(reached.position, reached.indexed);
    for (; reached.checked < end; reached.checked += 1) {
      const offset = reached.checked;
      const message = this.#sent.at(partition, offset);
      if (message?.poison && !this.#letters.has(`${partition}/${offset}`)) {
        const text = `missing dead letter: partition ${partition} offset ${offset}`;
        findings.push({ kind: 'missing-dead-letter', partition, offset, text });
      }
      for (const trade of message?.trades ?? []) {
        const key = keyOf(trade);
        if (this.#landed.has(key)) continue;
        const text = `missing: trade ${key}, partition ${partition} offset ${offset}, below position ${reached.position}`;
        findings.push({ kind: 'missing-trade', partition, offset, text });
      }
    }
  }

  #of(partition: number): Reached {
    const reached = this.#reached.get(partition) ?? { indexed: 0, checked: 0, position: 0 };
    this.#reached.set(partition, reached);
    return reached;
  }
}

function at({ partition, offset }: Place): Place {
  return { partition, offset };
}
