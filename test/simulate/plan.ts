/** A transaction as one message carries it. Another variant of the same transaction differs in its trades. */
export interface PlannedTransaction {
  readonly slot: number;
  readonly txIndex: number;
  readonly trades: number;
  readonly variant: number;
  /** The database refuses its first row. */
  readonly refused: boolean;
}

export interface PlannedMessage {
  /** Place in the whole stream; the first bytes of the value. */
  readonly id: number;
  readonly atMs: number;
  readonly partition: number;
  /** Offsets before it that hold no message. */
  readonly skipped: number;
  /** `marker`: no message at all, only the skipped offsets. `null`: a message without a value. */
  readonly kind: 'trades' | 'null' | 'marker' | 'undecodable' | 'kills' | 'hangs';
  readonly bytes: number;
  readonly timestampMs: number;
  readonly transactions: readonly PlannedTransaction[];
}

/** Something that befalls the engines or what they stand on. */
export type Fault = { readonly atMs: number } & (
  | { readonly kind: 'kill' | 'stop'; readonly engine: number; readonly downMs: number }
  | { readonly kind: 'freeze'; readonly engine: number; readonly forMs: number }
  | { readonly kind: 'worker-crash'; readonly engine: number }
  | { readonly kind: 'rebalance' }
  | { readonly kind: 'broker-down'; readonly forMs: number }
  | { readonly kind: 'database-down' | 'database-slow'; readonly forMs: number }
  | { readonly kind: 'lose-request' | 'lose-answer' }
  | { readonly kind: 'late-commit'; readonly byMs: number }
  | { readonly kind: 'refuse'; readonly sqlState: string; readonly times: number }
  | { readonly kind: 'rewind'; readonly commits: number; readonly clockMs: number }
  | { readonly kind: 'retention'; readonly partition: number; readonly share: number }
  | { readonly kind: 'clock'; readonly byMs: number }
);

export interface Knobs {
  readonly lanes: number;
  readonly threads: number;
  readonly batchMaxRows: number;
  readonly batchMaxBytes: number;
  readonly batchLingerMs: number;
  readonly budgetBytes: number;
  readonly slabMaxBytes: number;
  readonly slabLingerMs: number;
  readonly slabAttempts: number;
  readonly windowEntries: number;
  readonly windowMs: number;
  readonly gapPolicy: 'halt' | 'continue';
  readonly consumeMax: number;
  /** How long a revoke may drain, ms. */
  readonly drainMs: number;
  /** Workers leave out repeats of what they wrote in the same run. */
  readonly workerRepeats: boolean;
}

/** All that a simulation does, but for how long each step takes, which `seed` decides. */
export interface Plan {
  readonly seed: number;
  readonly engines: number;
  readonly partitions: number;
  readonly knobs: Knobs;
  readonly messages: readonly PlannedMessage[];
  readonly faults: readonly Fault[];
}

/** The last message of each partition comes when the faults are over. */
export const HEAL_MS = 1_500;
/** A member that was not heard of for this long loses its partitions. */
export const SESSION_MS = 200;

/** The plan in lines that a person can read. */
export function describePlan({ seed, engines, partitions, knobs, messages, faults }: Plan): string[] {
  const lines = [
    `seed ${seed}: ${engines} engines, ${partitions} partitions, ${messages.length} messages, ${faults.length} faults`,
    `  ${Object.entries(knobs)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
  ];
  for (const { atMs, ...fault } of faults) {
    const { kind, ...rest } = fault;
    const details = Object.entries(rest).map(([name, value]) => `${name} ${value}`);
    lines.push(`  fault at ${atMs} ms: ${kind}${details.length === 0 ? '' : ` (${details.join(', ')})`}`);
  }
  for (const { id, atMs, partition, kind, bytes, skipped, transactions } of messages) {
    const txs = transactions.map(
      ({ slot, txIndex, trades, variant, refused }) =>
        `${slot}/${txIndex}×${trades}${variant > 0 ? ` variant ${variant}` : ''}${refused ? ' refused' : ''}`,
    );
    const skip = skipped > 0 ? `, after ${skipped} empty offsets` : '';
    lines.push(
      `  message ${id} at ${atMs} ms: partition ${partition}, ${kind}, ${bytes} bytes${skip} [${txs.join(' ')}]`,
    );
  }
  return lines;
}
