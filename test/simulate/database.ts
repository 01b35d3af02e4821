import type { Landed, Letter, Visible } from './ledger.js';
import { type ModelRow, rowKey, transactionKey } from './rows.js';
import type { Session } from './session.js';

export interface OffsetsRow {
  readonly next: number;
  readonly epoch: number;
  readonly owner: string;
  readonly claimedAtMs: number;
}

export interface Gap {
  readonly from: number;
  to: number;
}

/** One change, with what takes it back. */
export interface Change {
  readonly apply: () => void;
  readonly undo: () => void;
}

/** A primary key that a transaction not yet committed holds. */
export class HeldError extends Error {
  readonly holder: Session;

  constructor(holder: Session) {
    super('another transaction holds a key');
    this.holder = holder;
  }
}

/** An error as the server sends it. */
export class ServerFault extends Error {
  readonly severity = 'ERROR';
  readonly code: string;
  readonly routine: string | undefined;
  readonly where: string | undefined;

  constructor(code: string, message: string, more: { routine?: string; where?: string } = {}) {
    super(message);
    this.code = code;
    this.routine = more.routine;
    this.where = more.where;
  }
}

export type CommitListener = (visible: Visible, before: ReadonlyMap<number, number>) => void;

/**
 * The tables, with a primary key over the trades, and the history of commits for the day they go back in time.
 *
 * Transactions see what is committed; keys of rows that are not committed yet make others wait. Subclasses break a rule.
 */
export class ModelDatabase implements Landed {
  readonly offsets = new Map<number, OffsetsRow>();
  readonly sessions = new Set<Session>();
  readonly onCommit: CommitListener;
  /** What the server's clock is ahead of the simulation's, ms. */
  clockMs = 1_790_000_000_000;
  readonly #rows = new Map<string, ModelRow>();
  readonly #variants = new Map<string, Map<number, number>>();
  readonly #letters = new Map<string, Letter[]>();
  readonly #gaps = new Map<number, Gap[]>();
  readonly #history: { undo: (() => void)[]; barrier: boolean }[] = [];

  constructor(onCommit: CommitListener) {
    this.onCommit = onCommit;
  }

  get commits(): number {
    return this.#history.length;
  }

  get rowCount(): number {
    return this.#rows.size;
  }

  rowsOf(key: string): ReadonlyMap<number, number> | undefined {
    return this.#variants.get(key);
  }

  lettersOf(partition: number, offset: number): readonly Letter[] {
    return this.#letters.get(`${partition}/${offset}`) ?? [];
  }

  /** The offsets row as a session reads it. */
  read(partition: number, _reader: Session): OffsetsRow | undefined {
    return this.offsets.get(partition);
  }

  /** Whether the row is one that an owner may move under an epoch. */
  holds(row: OffsetsRow, epoch: number, owner: string): boolean {
    return row.epoch === epoch && row.owner === owner;
  }

  standsAt(row: OffsetsRow, from: number, _to: number): boolean {
    return row.next === from;
  }

  /** Whether the key is free for a session; throws HeldError where that is not known yet. */
  isFree(row: ModelRow, session: Session): boolean {
    const key = rowKey(row);
    if (this.#rows.has(key)) return false;
    for (const other of this.sessions) if (other !== session && other.holdsKey(key)) throw new HeldError(other);
    return true;
  }

  hasTransaction(row: ModelRow): boolean {
    return this.#variants.has(transactionKey(row.slot, row.txIndex));
  }

  /** Keys (slot, tx index) of a partition's newest transactions, oldest first. */
  recent(partition: number, limit: number): [number, number][] {
    const newest = new Map<string, [number, number]>();
    for (const row of this.#rows.values()) {
      if (row.partition === partition) newest.set(transactionKey(row.slot, row.txIndex), [row.slot, row.txIndex]);
    }
    return [...newest.values()].slice(-limit);
  }

  setOffsets(partition: number, row: OffsetsRow): Change {
    const before = this.offsets.get(partition);
    return {
      apply: () => this.offsets.set(partition, row),
      undo: () => (before === undefined ? this.offsets.delete(partition) : this.offsets.set(partition, before)),
    };
  }

  insertRow(row: ModelRow): Change {
    const key = rowKey(row);
    const transaction = transactionKey(row.slot, row.txIndex);
    return {
      apply: () => {
        this.#rows.set(key, row);
        const variants = this.#variants.get(transaction) ?? new Map<number, number>();
        variants.set(row.variant, (variants.get(row.variant) ?? 0) + 1);
        this.#variants.set(transaction, variants);
      },
      undo: () => {
        this.#rows.delete(key);
        const variants = this.#variants.get(transaction)!;
        const left = variants.get(row.variant)! - 1;
        if (left > 0) variants.set(row.variant, left);
        else variants.delete(row.variant);
        if (variants.size === 0) this.#variants.delete(transaction);
      },
    };
  }

  insertLetter(letter: Letter): Change {
    const key = `${letter.partition}/${letter.offset}`;
    return {
      apply: () => this.#letters.set(key, [...(this.#letters.get(key) ?? []), letter]),
      undo: () => this.#letters.set(key, this.#letters.get(key)!.slice(0, -1)),
    };
  }

  gapsOf(partition: number): readonly Gap[] {
    return this.#gaps.get(partition) ?? [];
  }

  recordGap(partition: number, from: number, to: number): Change {
    const before = this.gapsOf(partition);
    const others = before.filter((gap) => gap.from !== from);
    return {
      apply: () => this.#gaps.set(partition, [...others, { from, to }]),
      undo: () => this.#gaps.set(partition, [...before]),
    };
  }

  /** `barrier`: the history goes back no further than this. */
  commit(changes: readonly Change[], visible: Visible, barrier = false): void {
    const before = this.positions();
    for (const { apply } of changes) apply();
    this.#history.push({ undo: changes.map(({ undo }) => undo).reverse(), barrier });
    this.onCommit(visible, before);
  }

  /** Goes back by so many commits, though not to before a partition was first claimed; answers how many. */
  rewind(commits: number): number {
    let gone = 0;
    while (gone < commits) {
      const last = this.#history.at(-1);
      if (last === undefined || last.barrier) break;
      this.#history.pop();
      for (const undo of last.undo) undo();
      gone += 1;
    }
    return gone;
  }

  positions(): Map<number, number> {
    return new Map([...this.offsets].map(([partition, { next }]) => [partition, next]));
  }
}
