import { encodeTransaction } from './encode-transaction.js';
import { expectedRow } from './expected-row.js';
import { Markets } from './markets.js';
import type { GeneratedMessage, GeneratedTrade } from './message.js';
import { GENERATOR_DEFAULTS, type GeneratorOptions } from './options.js';
import type { TransactionPlan } from './plan.js';
import { poison } from './poison.js';
import { Random } from './random.js';
import { Recipes } from './recipes.js';
import { type Slot, slots } from './slots.js';
import { makeTokens } from './tokens.js';
import { makeVenues } from './venues.js';
import { concatenate, encodePart, lengthDelimited } from './wire.js';

/** Transactions of a block, of which those on a DEX are some. */
const BLOCK_TRANSACTIONS = 1_400;
/** Longest time between a message and its repeat: about ten messages of one partition. */
const REPEAT_DELAY_MS_MAX = 650;

interface Transaction {
  readonly plan: TransactionPlan;
  readonly bytes: Uint8Array;
  readonly trades: readonly GeneratedTrade[];
}

interface Send {
  readonly atMs: number;
  readonly partition: number;
  readonly slot: number;
  readonly key: Uint8Array<ArrayBuffer> | null;
  readonly header: Uint8Array;
  readonly transactions: readonly Transaction[];
}

/**
 * An endless stream of messages in the shape, weight and disorder of the real one, with a known answer for every trade.
 * Pure: the same options give the same messages, to the byte.
 */
export function* generateMessages(options: Partial<GeneratorOptions> = {}): Generator<GeneratedMessage, never> {
  const filled: GeneratorOptions = { ...GENERATOR_DEFAULTS, ...options };
  const random = new Random(filled.seed);
  const venues = makeVenues(random);
  const markets = new Markets(filled, venues, makeTokens(filled, random), random);
  const recipes = new Recipes(filled, venues, markets, random);
  let waiting: Send[] = [];
  let before: readonly Transaction[] = [];
  let victim: Uint8Array | null = null;
  for (const slot of slots(filled, random)) {
    const due = waiting.filter(({ atMs }) => atMs < slot.startMs);
    waiting = waiting.filter(({ atMs }) => atMs >= slot.startMs);
    for (const send of due.sort((one, other) => one.atMs - other.atMs)) {
      const message = toMessage(send);
      yield message;
      if (message.transactions > 0) victim = message.value;
      if (random.chance(filled.poisonShare)) yield poisonMessage(send, victim, random);
    }
    const transactions = slotTransactions(slot, slot.afterOrphan ? before : [], filled, recipes, random);
    waiting.push(...slotSends(slot, transactions, filled, random));
    before = transactions;
  }
  throw new Error('the chain of slots has no end');
}

/** The first `count` messages of {@link generateMessages}. */
export function takeMessages(count: number, options: Partial<GeneratorOptions> = {}): GeneratedMessage[] {
  const messages: GeneratedMessage[] = [];
  for (const message of generateMessages(options)) if (messages.push(message) >= count) break;
  return messages;
}

function slotTransactions(
  slot: Slot,
  orphaned: readonly Transaction[],
  options: GeneratorOptions,
  recipes: Recipes,
  random: Random,
): Transaction[] {
  const mean = options.transactionsPerSlot;
  const count = random.between(Math.floor(mean * 0.75), Math.ceil(mean * 1.25));
  const indexes = new Set<number>();
  while (indexes.size < count) indexes.add(random.between(0, Math.max(BLOCK_TRANSACTIONS, 2 * count) - 1));
  return [...indexes]
    .sort((one, other) => one - other)
    .map((index, place) => {
      const plan = recipes.transaction(slot.slot, index);
      // A transaction of the dead fork comes again, under another key.
      const earlier = random.chance(0.5) ? orphaned[place]?.plan : undefined;
      return makeTransaction(earlier === undefined ? plan : { ...earlier, slot: slot.slot, index }, random);
    });
}

function makeTransaction(plan: TransactionPlan, random: Random): Transaction {
  const trades = plan.trades.map((_, tradeIndex) => ({
    slot: plan.slot,
    txIndex: plan.index,
    tradeIndex,
    row: () => expectedRow(plan, tradeIndex),
  }));
  return { plan, bytes: encodeTransaction(plan, random), trades };
}

/** All messages of a slot, at their times: those with transactions and their repeats, empty ones, and the final one. */
function slotSends(
  slot: Slot,
  transactions: readonly Transaction[],
  options: GeneratorOptions,
  random: Random,
): Send[] {
  const { slotMs, partitions } = options;
  const short = lengthDelimited(1, [encodePart('BlockHeader', { Slot: slot.slot })]);
  const full = lengthDelimited(1, [encodePart('BlockHeader', slot.header)]);
  const sends: Send[] = [];
  const send = (atMs: number, bucket: number, header: Uint8Array, content: readonly Transaction[]): void => {
    const key = random.chance(0.9) ? keyOf(slot.slot, bucket, random) : null;
    sends.push({ atMs, partition: bucket % partitions, slot: slot.slot, key, header, transactions: content });
  };
  const empties = random.between(Math.floor(options.emptyPerSlot / 2), Math.ceil(options.emptyPerSlot * 1.5));
  for (let empty = 0; empty < empties; empty++) {
    send(slot.startMs + random.next() * slotMs, random.between(0, Math.max(4, partitions) - 1), short, []);
  }
  const groups = groupTransactions(transactions, options);
  const finalIsEmpty = groups.length === 0 || random.chance(0.5);
  groups.forEach(({ bucket, content }, place) => {
    const last = !finalIsEmpty && place === groups.length - 1;
    const firstMs = slot.startMs + (last ? 0.95 : random.next() * 0.9) * slotMs;
    for (const { delayMs, part } of copies(content, options, random)) {
      send(firstMs + delayMs, bucket, last ? full : short, part);
    }
  });
  if (finalIsEmpty) send(slot.startMs + 0.99 * slotMs, random.between(0, 3), full, []);
  return sends;
}

/** Transactions by the bucket their message goes to, within the limits of a message. */
function groupTransactions(transactions: readonly Transaction[], options: GeneratorOptions) {
  const groups: { bucket: number; bytes: number; content: Transaction[] }[] = [];
  const open = new Map<number, (typeof groups)[number]>();
  for (const transaction of transactions) {
    const bucket = (transaction.plan.index >> 6) & 3;
    let group = open.get(bucket);
    const tooLarge = group !== undefined && group.bytes + transaction.bytes.length > options.messageBytesMax - 200;
    if (group === undefined || tooLarge || group.content.length >= options.messageTransactionsMax) {
      group = { bucket, bytes: 0, content: [] };
      open.set(bucket, group);
      groups.push(group);
    }
    group.content.push(transaction);
    group.bytes += transaction.bytes.length;
  }
  return groups;
}

/** A message is sent two or three times, some of them with a part of its transactions; one send has all. */
function copies(content: readonly Transaction[], options: GeneratorOptions, random: Random) {
  const sends = random.chance(options.thirdSendShare) ? 3 : 2;
  const whole = random.between(0, sends - 1);
  return Array.from({ length: sends }, (_, place) => {
    const subset = place !== whole && random.chance(options.subsetShare);
    const part = subset ? content.filter(() => random.chance(0.7)) : content;
    return { delayMs: place === 0 ? 0 : (random.next() * REPEAT_DELAY_MS_MAX) | 0, part };
  });
}

/** `slot-bucket-hash`, as newer code of the vendor makes it. */
function keyOf(slot: number, bucket: number, random: Random): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${slot}-${bucket}-${random.bits().toString(16)}`);
}

function toMessage(send: Send): GeneratedMessage {
  return {
    partition: send.partition,
    key: send.key,
    timestampMs: Math.floor(send.atMs),
    value: concatenate([send.header, ...send.transactions.map(({ bytes }) => bytes)]),
    slot: send.slot,
    poison: null,
    transactions: send.transactions.length,
    trades: send.transactions.flatMap(({ trades }) => trades),
  };
}

function poisonMessage(near: Send, victim: Uint8Array | null, random: Random): GeneratedMessage {
  const { kind, value } = poison(victim, random);
  const { partition, slot, key } = near;
  return { partition, key, timestampMs: Math.floor(near.atMs), value, slot, poison: kind, transactions: 0, trades: [] };
}
