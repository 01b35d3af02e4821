import type { Plan, PlannedMessage } from './plan.js';
import { type ModelRow, transactionKey } from './rows.js';

/** A stretch of a partition that one transaction moved the position over. */
export interface Move {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly by: 'landing' | 'gap';
}

export interface Letter {
  readonly partition: number;
  readonly offset: number;
  readonly stage: string;
  readonly errorClass: string;
}

/** What a transaction made visible. */
export interface Visible {
  readonly moves: readonly Move[];
  readonly rows: readonly ModelRow[];
  readonly letters: readonly Letter[];
}

/** What lies in the database, as far as the ledger asks. */
export interface Landed {
  /** Variants of a transaction that have rows, and how many. */
  rowsOf(key: string): ReadonlyMap<number, number> | undefined;
  lettersOf(partition: number, offset: number): readonly Letter[];
  gapsOf(partition: number): readonly { readonly from: number; readonly to: number }[];
}

/** What the source holds, as far as the ledger asks. */
export interface Sent {
  low(partition: number): number;
  high(partition: number): number;
  messageAt(partition: number, offset: number): PlannedMessage | undefined;
}

/**
 * The one oracle, asked at every commit: what becomes visible lies within the stretch its transaction moves over, stretches
 * follow one another, nothing of a stretch is missing, nothing is there twice, every jump has its gap row.
 */
export class Ledger {
  readonly #plan: Plan;
  readonly #sent: Sent;
  readonly #landed: Landed;
  readonly #violation: (sentence: string) => void;
  /** Times that a message was in a slab whose worker died. */
  readonly #deaths = new Map<PlannedMessage, number>();

  constructor(plan: Plan, sent: Sent, landed: Landed, violation: (sentence: string) => void) {
    this.#plan = plan;
    this.#sent = sent;
    this.#landed = landed;
    this.#violation = violation;
  }

  workerDied(message: PlannedMessage): void {
    this.#deaths.set(message, (this.#deaths.get(message) ?? 0) + 1);
  }

  /** `positions` are those before the transaction. */
  committed({ moves, rows, letters }: Visible, positions: ReadonlyMap<number, number>): void {
    const position = new Map(positions);
    for (const { partition, from, to } of moves) {
      const before = position.get(partition);
      if (before !== from) this.#violation(`partition ${partition} stood at ${before} and was moved from ${from}`);
      if (to <= from) this.#violation(`the position of partition ${partition} went back from ${from} to ${to}`);
      if (to > this.#sent.high(partition)) {
        this.#violation(`the position of partition ${partition} is ${to}, and its end ${this.#sent.high(partition)}`);
      }
      position.set(partition, to);
    }
    for (const row of [...rows, ...letters]) {
      const { partition, offset } = row;
      if (moves.some((move) => move.partition === partition && move.from <= offset && offset < move.to)) continue;
      const at = positions.get(partition);
      this.#violation(
        `offset ${offset} of partition ${partition} became visible in a transaction that did not move over it (at ${at})`,
      );
    }
    for (const move of moves) this.#checkStretch(move);
  }

  /** When the dust has settled. */
  settled(positions: ReadonlyMap<number, number>): void {
    for (let partition = 0; partition < this.#plan.partitions; partition++) {
      const end = this.#sent.high(partition);
      const position = positions.get(partition);
      if (position !== end) this.#violation(`partition ${partition} ends at ${end} and its position is ${position}`);
    }
  }

  #checkStretch({ partition, from, to, by }: Move): void {
    if (by === 'gap') {
      if (to > this.#sent.low(partition)) {
        this.#violation(`a gap [${from}, ${to}) covers what partition ${partition} still holds`);
      }
      if (!this.#landed.gapsOf(partition).some((gap) => gap.from <= from && to <= gap.to)) {
        this.#violation(`partition ${partition} jumped from ${from} to ${to}, and no gap row says so`);
      }
      return;
    }
    for (let offset = from; offset < to; offset++) {
      const message = this.#sent.messageAt(partition, offset);
      if (message !== undefined) this.#checkMessage(message, partition, offset);
    }
  }

  #checkMessage(message: PlannedMessage, partition: number, offset: number): void {
    const where = `message ${message.id} (partition ${partition}, offset ${offset})`;
    const letters = this.#landed.lettersOf(partition, offset);
    const whole = letters.filter(({ stage }) => stage === 'decode');
    if (whole.length > 1) this.#violation(`${where} is in the dead letters ${whole.length} times`);
    const [letter] = whole;
    if (letter !== undefined) {
      if (!this.#isPoisonous(message, letter)) this.#violation(`${where} is a dead letter without a reason`);
      return;
    }
    if (message.kind === 'undecodable' || message.kind === 'kills' || message.kind === 'hangs') {
      this.#violation(`${where} is poisonous and no dead letter`);
    }
    let refused = letters.filter(({ stage }) => stage === 'sink').length;
    const refusable = message.transactions.filter((transaction) => transaction.refused).length;
    if (refused > refusable) this.#violation(`${where} has ${refused} rows in the dead letters, ${refusable} are bad`);
    for (const transaction of message.transactions) {
      const key = transactionKey(transaction.slot, transaction.txIndex);
      const rows = this.#landed.rowsOf(key);
      if (rows === undefined) {
        // Its only row may be the refused one.
        if (transaction.refused && transaction.trades === 1) refused -= 1;
        else this.#violation(`transaction ${key} of ${where} is missing`);
      } else if (rows.size > 1) {
        this.#violation(`transaction ${key} of ${where} has rows of ${rows.size} deliveries that differ`);
      } else if (rows.get(transaction.variant) !== undefined) {
        const there = rows.get(transaction.variant)!;
        if (there < transaction.trades - (transaction.refused ? 1 : 0)) {
          this.#violation(`transaction ${key} of ${where} has ${there} rows of ${transaction.trades}`);
        }
      }
    }
  }

  #isPoisonous(message: PlannedMessage, { errorClass }: Letter): boolean {
    if (message.kind === 'undecodable' && errorClass === 'truncated') return true;
    return errorClass.startsWith('worker_') && (this.#deaths.get(message) ?? 0) >= this.#plan.knobs.slabAttempts;
  }
}
