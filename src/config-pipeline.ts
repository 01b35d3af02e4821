import type { Option, Rule } from './config-option.js';

export const PIPELINE_OPTIONS = {
  batchMaxRows: {
    env: 'BATCH_MAX_ROWS',
    type: 'integer',
    unit: 'rows',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    description: 'A batch closes at this many trades.',
  },
  batchMaxBytes: {
    env: 'BATCH_MAX_BYTES',
    type: 'integer',
    unit: 'bytes',
    default: 8_388_608,
    min: 1_024,
    max: 1_073_741_824,
    description: 'A batch closes at this size.',
  },
  batchLingerMs: {
    env: 'BATCH_LINGER_MS',
    type: 'integer',
    unit: 'ms',
    default: 10,
    min: 0,
    max: 60_000,
    description: 'A batch closes at this age.',
  },
  workerThreads: {
    env: 'WORKER_THREADS',
    type: 'integer',
    default: 0,
    min: 0,
    max: 256,
    description: 'Decode threads; 0 takes one less than the CPU quota, at least 1.',
  },
  workerTaskTimeoutMs: {
    env: 'WORKER_TASK_TIMEOUT_MS',
    type: 'integer',
    unit: 'ms',
    default: 30_000,
    min: 100,
    max: 3_600_000,
    description: 'A slab that takes longer has its worker replaced.',
  },
  workerTaskAttempts: {
    env: 'WORKER_TASK_ATTEMPTS',
    type: 'integer',
    default: 3,
    min: 1,
    max: 100,
    description: 'Times a slab whose worker died is tried whole before it is halved to find the poisonous message.',
  },
  slabMaxBytes: {
    env: 'SLAB_MAX_BYTES',
    type: 'integer',
    unit: 'bytes',
    default: 1_048_576,
    min: 1_024,
    max: 268_435_456,
    description: 'Messages are handed to workers in slabs of about this size.',
  },
  slabLingerMs: {
    env: 'SLAB_LINGER_MS',
    type: 'integer',
    unit: 'ms',
    default: 5,
    min: 0,
    max: 10_000,
    description: 'A smaller slab is handed over after this long.',
  },
  memoryBudgetBytes: {
    env: 'MEMORY_BUDGET_BYTES',
    type: 'integer',
    unit: 'bytes',
    default: 134_217_728,
    min: 4_194_304,
    max: 1_099_511_627_776,
    description:
      'Bytes in flight at the most: received, in workers, encoded, being written. Fetching stops at 100 % and goes on at 70 %.',
  },
  duplicateWindowEntries: {
    env: 'DUPLICATE_WINDOW_ENTRIES',
    type: 'integer',
    default: 100_000,
    min: 0,
    max: 10_000_000,
    description: 'Transactions remembered per partition to drop repeats early; 0 leaves them all to the primary key.',
  },
  duplicateWindowMs: {
    env: 'DUPLICATE_WINDOW_MS',
    type: 'integer',
    unit: 'ms',
    default: 240_000,
    min: 1_000,
    max: 86_400_000,
    description: 'How long they are remembered.',
  },
  deadLettersPercentMax: {
    env: 'DEAD_LETTERS_PERCENT_MAX',
    type: 'integer',
    default: 5,
    min: 0,
    max: 100,
    description:
      'Of the last messages, or rows, this many in a hundred may become dead letters; with more the engine stops, because then the fault is not theirs. 100 never stops it.',
  },
  deadLettersWindow: {
    env: 'DEAD_LETTERS_WINDOW',
    type: 'integer',
    unit: 'messages',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    description: 'How many messages, or rows, that share is taken over.',
  },
  deadLettersInARow: {
    env: 'DEAD_LETTERS_IN_A_ROW',
    type: 'integer',
    unit: 'messages',
    default: 100,
    min: 1,
    max: 1_000_000_000,
    description: 'This many dead letters one after the other stop the engine as well.',
  },
} as const satisfies Record<string, Option>;

type PipelineRule = Rule<typeof PIPELINE_OPTIONS>;

const budgetHoldsItsParts: PipelineRule = (values, report) => {
  const budget = values.memoryBudgetBytes;
  for (const [env, bytes] of [
    ['SLAB_MAX_BYTES', values.slabMaxBytes],
    ['BATCH_MAX_BYTES', values.batchMaxBytes],
  ] as const)
    if (bytes > budget) report.problem(env, String(bytes), `at most MEMORY_BUDGET_BYTES, which is ${budget}`);
};

/** A remembered transaction takes about this much memory. */
const WINDOW_ENTRY_BYTES = 64;

const windowIsAffordable: PipelineRule = ({ duplicateWindowEntries: entries }, report) => {
  const megabytes = Math.round((entries * WINDOW_ENTRY_BYTES) / 1e6);
  if (megabytes > 256)
    report.warning(`DUPLICATE_WINDOW_ENTRIES=${entries} takes about ${megabytes} MB for every partition.`);
};

export const PIPELINE_RULES: readonly PipelineRule[] = [budgetHoldsItsParts, windowIsAffordable];
