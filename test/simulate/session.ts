import { type Change, type ModelDatabase, type OffsetsRow, ServerFault } from './database.js';
import type { Letter, Move } from './ledger.js';
import { decodeCopy, type ModelRow, rowKey, transactionKey } from './rows.js';

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Of a COPY. */
  readonly chunks: readonly Uint8Array[] | null;
}

type Row = Record<string, unknown>;

/** A backend: one transaction at a time, which sees what is committed and what it wrote itself. */
export class Session {
  readonly pid: number;
  readonly owner: string;
  readonly #database: ModelDatabase;
  #open = false;
  #rows: ModelRow[] = [];
  #keys = new Set<string>();
  #letters: Letter[] = [];
  #staged: ModelRow[] = [];
  alive = true;
  /** The backend that a statement of this one waits for. */
  waitsFor: Session | null = null;

  constructor(pid: number, owner: string, database: ModelDatabase) {
    this.pid = pid;
    this.owner = owner;
    this.#database = database;
    database.sessions.add(this);
  }

  holdsKey(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Rolls back and goes. */
  end(): void {
    this.alive = false;
    this.rollback();
    this.#database.sessions.delete(this);
  }

  rollback(): void {
    this.#open = false;
    this.#rows = [];
    this.#keys.clear();
    this.#letters = [];
    this.#staged = [];
  }

  begin(): void {
    this.#open = true;
  }

  offsetsOf(partition: number): OffsetsRow | undefined {
    return this.#database.read(partition, this);
  }

  /** COPY into the target; answers the rows. */
  copy(chunks: readonly Uint8Array[]): number {
    const rows = decodeCopy(chunks);
    const keys = new Set<string>();
    for (const [i, row] of rows.entries()) {
      const line = `COPY solana_dex_trades, line ${i + 1}`;
      if (row.refused)
        throw new ServerFault('23514', 'a CHECK refuses the row', { routine: 'ExecConstraints', where: line });
      const key = rowKey(row);
      if (keys.has(key) || !this.#database.isFree(row, this)) {
        throw new ServerFault('23505', `duplicate key ${key}`, { where: line });
      }
      keys.add(key);
    }
    this.#write(rows);
    return rows.length;
  }

  stage(chunks: readonly Uint8Array[]): number {
    const rows = decodeCopy(chunks);
    this.#staged.push(...rows);
    return rows.length;
  }

  /** First deliveries of transactions that are not there, out of staging; `ends` counts the rows up to each part's end. */
  move(ends: readonly number[]): Row[] {
    const deliveries = new Map<string, { first: ModelRow; last: ModelRow; over: boolean }>();
    const wanted: { row: ModelRow; part: number }[] = [];
    for (const [ordinal, row] of this.#staged.entries()) {
      const key = transactionKey(row.slot, row.txIndex);
      const known = deliveries.get(key);
      if (known !== undefined) {
        known.over ||= row.offset !== known.first.offset || row.partition !== known.first.partition;
        known.over ||= row.tradeIndex <= known.last.tradeIndex;
        if (known.over) continue;
        known.last = row;
      } else {
        deliveries.set(key, { first: row, last: row, over: false });
      }
      if (!this.#database.hasTransaction(row)) wanted.push({ row, part: ends.filter((end) => end <= ordinal).length });
    }
    const free = wanted.filter(({ row }) => this.#database.isFree(row, this));
    const refused = free.find(({ row }) => row.refused);
    if (refused !== undefined)
      throw new ServerFault('23514', 'a CHECK refuses the row', { routine: 'ExecConstraints' });
    const rows: Record<string, number> = {};
    for (const { part } of free) rows[part] = (rows[part] ?? 0) + 1;
    this.#write(free.map(({ row }) => row));
    return [{ torn: '0', conflicts: '0', rows }];
  }

  refusedRows(): Row[] {
    return this.#staged.flatMap(({ refused }, i) =>
      refused ? [{ place: String(i + 1), code: '23514', reason: 'a CHECK refuses the row' }] : [],
    );
  }

  letter(letter: Letter): void {
    this.#letters.push(letter);
  }

  /** The compare-and-set of every stretch, and COMMIT. */
  advanceAndCommit(
    owner: string,
    parts: readonly { partition: number; from: number; to: number; epoch: number }[],
  ): void {
    const changes: Change[] = [];
    const moves: Move[] = [];
    const now = new Map<number, OffsetsRow>();
    for (const { partition, from, to, epoch } of parts) {
      const row = now.get(partition) ?? this.#database.offsets.get(partition);
      if (row === undefined || !this.#database.holds(row, epoch, owner) || !this.#database.standsAt(row, from, to)) {
        throw new ServerFault('TE001', `The position of ${partition} is not ${from} under epoch ${epoch} of ${owner}`);
      }
      now.set(partition, { ...row, next: to });
      moves.push({ partition, from: row.next, to, by: 'landing' });
    }
    for (const [partition, row] of now) changes.push(this.#database.setOffsets(partition, row));
    changes.push(...this.#rows.map((row) => this.#database.insertRow(row)));
    changes.push(...this.#letters.map((letter) => this.#database.insertLetter(letter)));
    const visible = { moves, rows: this.#rows, letters: this.#letters };
    this.rollback();
    this.#database.commit(changes, visible);
  }

  claim(partition: number, start: number, owner: string, clockMs: number): Row[] {
    const before = this.#database.offsets.get(partition);
    const row = { next: before?.next ?? start, epoch: (before?.epoch ?? 0) + 1, owner, claimedAtMs: clockMs };
    const nothing = { moves: [], rows: [], letters: [] };
    this.#database.commit([this.#database.setOffsets(partition, row)], nothing, before === undefined);
    return [
      {
        epoch: String(row.epoch),
        next_offset: String(row.next),
        claimed_at: new Date(clockMs),
        previous_owner: before?.owner ?? null,
      },
    ];
  }

  restoreClaim(
    partition: number,
    epoch: number,
    owner: string,
    was: Omit<OffsetsRow, 'claimedAtMs'>,
    clockMs: number,
  ): void {
    const row = this.#database.offsets.get(partition);
    if (row === undefined || row.epoch !== was.epoch || row.owner !== was.owner || row.next !== was.next) return;
    const restored = { ...row, epoch, owner, claimedAtMs: clockMs };
    this.#database.commit([this.#database.setOffsets(partition, restored)], { moves: [], rows: [], letters: [] });
  }

  /** As ingest_gaps_record. */
  recordGap(partition: number, from: number, to: number, epoch: number, owner: string, advance: boolean): boolean {
    const row = this.#database.offsets.get(partition);
    if (row === undefined || row.epoch !== epoch || row.owner !== owner) return false;
    const recorded = this.#database.gapsOf(partition).find((gap) => gap.from === from)?.to ?? null;
    if (advance && row.next !== from) return recorded !== null && recorded >= to && row.next === to;
    const changes: Change[] = [];
    if (recorded === null || recorded < to) changes.push(this.#database.recordGap(partition, from, to));
    const moves: Move[] = [];
    if (advance) {
      changes.push(this.#database.setOffsets(partition, { ...row, next: to }));
      moves.push({ partition, from, to, by: 'gap' });
    }
    this.#database.commit(changes, { moves, rows: [], letters: [] });
    return true;
  }

  recent(partition: number, limit: number): Buffer {
    const keys = this.#database.recent(partition, limit);
    const bytes = Buffer.alloc(keys.length * 12);
    for (const [i, [slot, txIndex]] of keys.entries()) {
      bytes.writeBigInt64BE(BigInt(slot), i * 12);
      bytes.writeInt32BE(txIndex, i * 12 + 8);
    }
    return bytes;
  }

  /** Ends the backends that this one's statement waits for, but for those in `spared`. */
  endBlockersOf(pid: number, spared: readonly number[]): Row[] {
    const blocked = [...this.#database.sessions].find((session) => session.pid === pid);
    const blocker = blocked?.waitsFor ?? null;
    if (blocker === null || !blocker.alive) return [];
    const ended = !spared.includes(blocker.pid);
    if (ended) blocker.end();
    return [{ pid: blocker.pid, application_name: `trades-engine ${blocker.owner}`, ended: ended ? true : null }];
  }

  #write(rows: readonly ModelRow[]): void {
    if (!this.#open) throw new Error('the model writes rows in a transaction only');
    this.#rows.push(...rows);
    for (const row of rows) this.#keys.add(rowKey(row));
  }
}
