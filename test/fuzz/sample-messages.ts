import bs58 from 'bs58';
import { encodeDexParsedBlockMessage, fullType, uint64 } from '../../proto/full-codec.js';
import type {
  BlockHeader,
  Currency,
  DexMarket,
  DexTradeEvent,
  DexTradeSide,
  Long64,
  ParsedDexTransaction,
} from '../../proto/generated/full.js';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import { NATIVE_SOL, USDC, USDT, WRAPPED_SOL } from '../support/messages.js';
import { randomMessage } from '../support/random-messages.js';
import { type FieldNode, parseFields, writeFields } from './field-tree.js';
import type { RandomSource } from './random-source.js';

const MESSAGE = 'DexParsedBlockMessage';
const OTHER_MESSAGES = ['TokenBlockMessage', 'ParsedIdlBlockMessage', 'BlockMessage'];

/** A key of 32 bytes that differs by `n`. */
function key(n: number): Uint8Array {
  return new Uint8Array(32).map((_, i) => (i * 41 + n * 97 + 3) & 0xff);
}

/** Few, so that the same one is met on both sides of a trade, as its base, as its signer; and some that are no keys. */
export const ADDRESSES: readonly Uint8Array[] = [
  ...[NATIVE_SOL, WRAPPED_SOL, USDC, USDT].map((mint) => bs58.decode(mint)),
  key(1),
  key(2),
  key(3),
  Uint8Array.from([...key(1).subarray(0, 31), 0]),
  Uint8Array.from([0, 0, 0, ...key(5).subarray(3)]),
  new Uint8Array(32).fill(255),
  new Uint8Array(0),
  new Uint8Array(31),
  key(4).slice(0, 20),
  new Uint8Array([...key(6), ...key(7)]),
  new Uint8Array(64),
  new Uint8Array(256).fill(7),
  new Uint8Array(257),
];
const KEYS = 10;
const TEXTS = ['', 'pump', 'Pumpfun', ' \uFEFF🚀 ', 'a\0b', 'ünïcödé', '\0'];
const AMOUNTS = [0n, 1n, 999n, 10_000n, 123_456_789n, 2n ** 32n, 2n ** 53n, 2n ** 53n - 1n, 2n ** 63n, 2n ** 64n - 1n];

/** Legal messages of every kind the fuzz begins with. */
export class SampleMessages {
  readonly #random: RandomSource;
  readonly #transactions: readonly FieldNode[];

  constructor(random: RandomSource) {
    this.#random = random;
    const real = takeMessages(60, { seed: random.below(1e9), transactionsPerSlot: 30, tokens: 60, traders: 100 });
    this.#transactions = real
      .filter(({ poison }) => poison === null)
      .flatMap(({ value }) => parseFields(value, MESSAGE).filter(({ field }) => field === 2));
  }

  next(): Uint8Array {
    const kind = this.#random.next();
    if (kind < 0.92) return encodeDexParsedBlockMessage(this.#ruled());
    if (kind < 0.97) return this.#ofSchema(MESSAGE);
    if (kind < 0.978) return this.#realShaped();
    if (kind < 0.985) return this.#ofSchema(this.#random.pick(OTHER_MESSAGES));
    return this.#random.bytes(this.#random.below(40));
  }

  /** A header and a transaction as heavy as a real one. */
  #realShaped(): Uint8Array {
    const header = encodeDexParsedBlockMessage({ Header: this.#header() });
    return Buffer.concat([header, writeFields([this.#random.pick(this.#transactions)])]);
  }

  #ofSchema(name: string): Uint8Array {
    const type = fullType(name);
    return type.encode(randomMessage(type, this.#random.next)).finish();
  }

  /** Only what rows are made of, with values that the rules tell apart. */
  #ruled() {
    const transactions = Array.from({ length: this.#random.pick([0, 1, 1, 1, 2, 3]) }, () => this.#transaction());
    return { ...this.#maybe('Header', () => this.#header(), 0.97), Transactions: transactions };
  }

  #header(): BlockHeader {
    return {
      ...this.#maybe('Slot', () => this.#random.pick([1, 373_000_000, 373_000_001, uint64(2n ** 53n)]), 0.97),
      ...this.#maybe('Hash', () => this.#address(), 0.2),
      ...this.#maybe('ParentSlot', () => this.#amount(), 0.2),
      ...this.#maybe('Height', () => this.#amount(), 0.2),
      ...this.#maybe('Timestamp', () => this.#random.pick([-1, 1, 31_536_000, 1_700_000_000, 253_402_300_800]), 0.2),
      ...this.#maybe('ParentHash', () => this.#address(), 0.2),
    };
  }

  #transaction(): ParsedDexTransaction {
    return {
      Index: this.#random.pick([0, 1, 5, 127, 128, 1_400, 2 ** 31 - 1, 2 ** 31, 5, 5, 7, 9]),
      ...this.#maybe('Signature', () => this.#random.pick([ADDRESSES[13]!, new Uint8Array(64).fill(9)]), 0.9),
      ...this.#maybe('Status', () => ({ Success: this.#random.chance(0.8), ErrorMessage: this.#random.pick(TEXTS) })),
      ...this.#maybe('Header', () => ({ Fee: this.#amount(), FeePayer: this.#address(), Signer: this.#address() })),
      Trades: Array.from({ length: this.#random.pick([0, 1, 1, 1, 2, 3]) }, () => this.#trade()),
    };
  }

  #trade(): DexTradeEvent {
    return {
      InstructionIndex: this.#random.pick([0, 1, 12, 300, 2 ** 32 - 1]),
      ...this.#maybe('Dex', () => ({
        ProgramAddress: this.#address(),
        ProtocolName: this.#random.pick(TEXTS),
        ProtocolFamily: this.#random.pick(TEXTS),
      })),
      ...this.#maybe('Market', () => this.#market()),
      ...this.#maybe('Buy', () => this.#side()),
      ...this.#maybe('Sell', () => this.#side()),
      ...this.#maybe('Royalty', () => this.#amount(), 0.3),
      ...this.#maybe('Fee', () => this.#amount(), 0.5),
    };
  }

  #market(): DexMarket {
    return {
      ...this.#maybe('MarketAddress', () => this.#address()),
      ...this.#maybe('BaseCurrency', () => this.#currency()),
      ...this.#maybe('QuoteCurrency', () => this.#currency()),
    };
  }

  #side(): DexTradeSide {
    return {
      Amount: this.#amount(),
      ...this.#maybe('Currency', () => this.#currency()),
      ...this.#maybe('Account', () => ({
        Address: this.#address(),
        IsSigner: this.#random.chance(0.5),
        ...this.#maybe('Token', () => ({ Mint: this.#address(), Owner: this.#address(), Decimals: 6 }), 0.6),
      })),
      ...this.#maybe('Order', () => ({ OrderId: this.#address(), Owner: this.#address() }), 0.2),
      ...this.#maybe('AmountInUsd', () => this.#random.pick([0, 1, 1e-30, 3.4e38, -4, Number.NaN, 64]), 0.3),
    };
  }

  #currency(): Currency {
    return {
      ...this.#maybe('Decimals', () => this.#random.pick([0, 6, 9, 22, 23, 300, 2 ** 32 - 1, 6, 9])),
      ...this.#maybe('MintAddress', () => this.#address(), 0.95),
      ...this.#maybe('Symbol', () => this.#random.pick(TEXTS), 0.3),
    };
  }

  #address(): Uint8Array {
    return ADDRESSES[this.#random.below(this.#random.chance(0.97) ? KEYS : ADDRESSES.length)]!;
  }

  #amount(): Long64 {
    return uint64(this.#random.pick(AMOUNTS) + BigInt(this.#random.below(2)) * BigInt(this.#random.below(1e9)));
  }

  #maybe<Name extends string, Value>(name: Name, value: () => Value, share = 0.85): { [key in Name]?: Value } {
    return this.#random.chance(share) ? ({ [name]: value() } as { [key in Name]?: Value }) : {};
  }
}
