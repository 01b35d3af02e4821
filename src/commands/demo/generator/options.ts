export interface GeneratorOptions {
  /** The same seed gives the same messages, to the byte. */
  readonly seed: number;
  readonly partitions: number;
  /** Virtual time of the first slot, ms since the epoch. */
  readonly startMs: number;
  readonly startSlot: number;
  readonly slotMs: number;
  /** DEX transactions of a slot, on average. */
  readonly transactionsPerSlot: number;
  /** Empty messages of a slot, on average, besides those that end a slot. */
  readonly emptyPerSlot: number;
  /** Of non-empty messages, those sent three times; the others are sent twice. */
  readonly thirdSendShare: number;
  /** Of the sends of a message, those that leave some of its transactions out. */
  readonly subsetShare: number;
  readonly failedShare: number;
  /** Of transactions, those with USD fields. */
  readonly usdShare: number;
  /** Of messages, planned bad ones put in between. */
  readonly poisonShare: number;
  readonly skippedSlotShare: number;
  readonly orphanedSlotShare: number;
  /** A message is closed before it grows over this. */
  readonly messageBytesMax: number;
  readonly messageTransactionsMax: number;
  readonly tokens: number;
  readonly traders: number;
}

/** The real stream, in numbers: 47 messages and 507 unique trades a second, 15-22 MB/s with repeats. */
export const GENERATOR_DEFAULTS = {
  seed: 1,
  partitions: 4,
  startMs: 1_790_000_000_000,
  startSlot: 373_000_000,
  slotMs: 395, // 2.53 slots a second
  transactionsPerSlot: 149, // 146 per slot number, skipped ones included
  emptyPerSlot: 9,
  thirdSendShare: 0.45,
  subsetShare: 0.2,
  failedShare: 0.15,
  usdShare: 0.5,
  poisonShare: 0.002,
  skippedSlotShare: 0.02,
  orphanedSlotShare: 0.01,
  messageBytesMax: 1_000_000,
  messageTransactionsMax: 250,
  tokens: 1_500,
  traders: 20_000,
} as const satisfies GeneratorOptions;
