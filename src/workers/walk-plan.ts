import { CURRENCY_SLOT, MESSAGE_SLOT, SIDE_SLOT, TRADE_SLOT, TRANSACTION_SLOT } from './walk-slots.js';
import { WIRE } from './wire.js';

/** What the walker does at a field. The first three step over fields that are not ours. */
export const STEP = {
  skipContent: 0,
  skipVarint: 1,
  skipOther: 2,
  uint32: 3,
  uint64: 4,
  bool: 5,
  float: 6,
  bytes: 7,
  part: 8,
  transaction: 9,
  trade: 10,
} as const;
type ReadStep = Exclude<keyof typeof STEP, 'skipContent' | 'skipVarint' | 'skipOther'>;

/** Tags of one byte: fields 1 to 15. All the fields a row needs are among them. */
export const PLAN_TAGS = 128;
/** Bits of a step's number in {@link Plan.steps}; the place of its value is above them. */
export const STEP_BITS = 4;

/**
 * What to do at each tag of one byte: the step's number, and the place of the value in the record of the part; the
 * plans of its parts by tag.
 */
export interface Plan {
  readonly steps: Int32Array;
  readonly parts: readonly (Plan | undefined)[];
}

type Entry = readonly [field: number, step: ReadStep, slot: number, part?: Plan];

function planOf(...entries: readonly Entry[]): Plan {
  const steps = Int32Array.from({ length: PLAN_TAGS }, (_, tag) => skipOf(tag));
  const parts: (Plan | undefined)[] = new Array(PLAN_TAGS).fill(undefined);
  for (const [field, step, slot, part] of entries) {
    const tag = (field << 3) | wireTypeOf(step);
    steps[tag] = STEP[step] | (slot << STEP_BITS);
    parts[tag] = part;
  }
  return { steps, parts };
}

/** A field of ours with another wire type is not ours. */
function skipOf(tag: number): number {
  if (tag >>> 3 === 0) return STEP.skipOther;
  if ((tag & 7) === WIRE.bytes) return STEP.skipContent;
  return (tag & 7) === WIRE.varint ? STEP.skipVarint : STEP.skipOther;
}

function wireTypeOf(step: ReadStep): number {
  if (step === 'float') return WIRE.fixed32;
  return step === 'uint32' || step === 'uint64' || step === 'bool' ? WIRE.varint : WIRE.bytes;
}

/** A part's plan counts places from the part's own first one on. */
function within<Slots extends Readonly<Record<string, number>>>(slots: Slots, part: keyof Slots): Slots {
  const first = slots[part]!;
  return Object.fromEntries(Object.entries(slots).map(([name, slot]) => [name, slot - first])) as Slots;
}

// Field numbers are those of proto/solana_messages.proto, and what is kept is what proto/projection.ts names.
const currency = planOf([2, 'uint32', CURRENCY_SLOT.decimals], [13, 'bytes', CURRENCY_SLOT.mintAt]);

const token = planOf([2, 'bytes', within(SIDE_SLOT, 'token').ownerAt]);
const account = planOf(
  [1, 'bytes', within(SIDE_SLOT, 'account').addressAt],
  [4, 'part', within(SIDE_SLOT, 'account').token, token],
);
const order = planOf([1, 'bytes', within(SIDE_SLOT, 'order').orderIdAt]);
const side = planOf(
  [1, 'uint64', SIDE_SLOT.amountLow],
  [2, 'part', SIDE_SLOT.currency, currency],
  [3, 'part', SIDE_SLOT.account, account],
  [4, 'part', SIDE_SLOT.order, order],
  [5, 'float', SIDE_SLOT.amountInUsd],
);

const dexSlots = within(TRADE_SLOT, 'dex');
const dex = planOf([1, 'bytes', dexSlots.programAt], [2, 'bytes', dexSlots.nameAt], [3, 'bytes', dexSlots.familyAt]);
const marketSlots = within(TRADE_SLOT, 'market');
const market = planOf(
  [1, 'bytes', marketSlots.marketAt],
  [2, 'part', marketSlots.base, currency],
  [3, 'part', marketSlots.quote, currency],
);
const trade = planOf(
  [1, 'uint32', TRADE_SLOT.instructionIndex],
  [2, 'part', TRADE_SLOT.dex, dex],
  [3, 'part', TRADE_SLOT.market, market],
  [4, 'part', TRADE_SLOT.buy, side],
  [5, 'part', TRADE_SLOT.sell, side],
  [6, 'uint64', TRADE_SLOT.royaltyLow],
  [7, 'uint64', TRADE_SLOT.feeLow],
);

const statusSlots = within(TRANSACTION_SLOT, 'status');
const status = planOf([1, 'bool', statusSlots.success]);
const transactionHeaderSlots = within(TRANSACTION_SLOT, 'header');
const transactionHeader = planOf(
  [1, 'uint64', transactionHeaderSlots.feeLow],
  [2, 'bytes', transactionHeaderSlots.feePayerAt],
  [4, 'bytes', transactionHeaderSlots.signerAt],
);
const transaction = planOf(
  [1, 'uint32', TRANSACTION_SLOT.index],
  [2, 'bytes', TRANSACTION_SLOT.signatureAt],
  [3, 'part', TRANSACTION_SLOT.status, status],
  [4, 'part', TRANSACTION_SLOT.header, transactionHeader],
  [5, 'trade', TRANSACTION_SLOT.trades, trade],
);

const headerSlots = within(MESSAGE_SLOT, 'header');
const header = planOf(
  [1, 'uint64', headerSlots.slotLow],
  [2, 'bytes', headerSlots.hashAt],
  [4, 'uint64', headerSlots.parentSlotLow],
  [5, 'uint64', headerSlots.heightLow],
  [6, 'uint64', headerSlots.timestampLow],
  [7, 'bytes', headerSlots.parentHashAt],
);
/** A message of the dextrades topic. */
export const MESSAGE_PLAN: Plan = planOf(
  [1, 'part', MESSAGE_SLOT.header, header],
  [2, 'transaction', MESSAGE_SLOT.transactions, transaction],
);
