/**
 * Where the walker puts what it finds: places in a record of 32-bit integers, from the record's (or the part's) first
 * one on. A place named `…At` holds where bytes begin in the message, the one after it how many they are; a place
 * named `…Low` the low half of a 64-bit integer, the one after it the high half. A part's first place, `present`, is 1
 * where the message has it. Everything is 0 until found.
 */
export const CURRENCY_SLOT = { present: 0, decimals: 1, mintAt: 2, mintLength: 3 } as const;
const CURRENCY_STRIDE = 4;

/** A side of a trade. */
export const SIDE_SLOT = {
  present: 0,
  amountLow: 1,
  amountHigh: 2,
  /** The bits of a 32-bit float. */
  amountInUsd: 3,
  currency: 4,
  account: 8,
  addressAt: 9,
  addressLength: 10,
  token: 11,
  ownerAt: 12,
  ownerLength: 13,
  order: 14,
  orderIdAt: 15,
  orderIdLength: 16,
} as const;
const SIDE_STRIDE = 17;

export const TRADE_SLOT = {
  present: 0,
  instructionIndex: 1,
  royaltyLow: 2,
  royaltyHigh: 3,
  feeLow: 4,
  feeHigh: 5,
  dex: 6,
  programAt: 7,
  programLength: 8,
  nameAt: 9,
  nameLength: 10,
  familyAt: 11,
  familyLength: 12,
  market: 13,
  marketAt: 14,
  marketLength: 15,
  base: 16,
  quote: 16 + CURRENCY_STRIDE,
  buy: 16 + 2 * CURRENCY_STRIDE,
  sell: 16 + 2 * CURRENCY_STRIDE + SIDE_STRIDE,
} as const;
export const TRADE_STRIDE = 16 + 2 * CURRENCY_STRIDE + 2 * SIDE_STRIDE;

export const TRANSACTION_SLOT = {
  present: 0,
  index: 1,
  signatureAt: 2,
  signatureLength: 3,
  status: 4,
  success: 5,
  header: 6,
  feeLow: 7,
  feeHigh: 8,
  feePayerAt: 9,
  feePayerLength: 10,
  signerAt: 11,
  signerLength: 12,
  /** How many trades; their records follow those of the transactions before. */
  trades: 13,
} as const;
export const TRANSACTION_RECORD_STRIDE = 14;

export const MESSAGE_SLOT = {
  present: 0,
  /** How many transactions. */
  transactions: 1,
  header: 2,
  slotLow: 3,
  slotHigh: 4,
  hashAt: 5,
  hashLength: 6,
  parentSlotLow: 7,
  parentSlotHigh: 8,
  heightLow: 9,
  heightHigh: 10,
  /** Seconds, signed. */
  timestampLow: 11,
  timestampHigh: 12,
  parentHashAt: 13,
  parentHashLength: 14,
} as const;
export const MESSAGE_STRIDE = 15;
