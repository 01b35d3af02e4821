import protobuf from 'protobufjs/light.js';
import {
  type DexParsedBlockMessage,
  type ParsedDexTransaction,
  projectionDescriptor,
} from '../../proto/generated/projection.js';
import { messageOf } from '../errors.js';
import { WireReader } from './wire-reader.js';
import { wrongTypeOf } from './wrong-type.js';

const root = protobuf.Root.fromJSON(projectionDescriptor).resolveAll();
const dexParsedBlockMessage = root.lookupType('solana_messages.DexParsedBlockMessage');

/** Why bytes are not a message, by a bounded set of classes. */
export type UndecodableClass = 'truncated' | 'invalid_wire' | 'too_deep' | 'wrong_type';

export class UndecodableError extends Error {
  readonly errorClass: UndecodableClass;

  constructor(errorClass: UndecodableClass, text: string) {
    super(text);
    this.errorClass = errorClass;
  }
}

/**
 * Decodes what the projection keeps of a message of the dextrades topic; bytes in it are views on the input. Throws an
 * {@link UndecodableError} where the bytes are not protobuf, or are a message of another topic.
 */
export function decodeMessage(bytes: Uint8Array): DexParsedBlockMessage {
  const message = decodeWire(bytes);
  if (!message.Transactions.some(hasDex)) {
    const type = wrongTypeOf(bytes);
    if (type !== null) throw new UndecodableError('wrong_type', `this is a ${type}, not a DexParsedBlockMessage`);
  }
  return message;
}

function hasDex(transaction: ParsedDexTransaction): boolean {
  return transaction.Trades.some((trade) => trade.Dex !== null);
}

function decodeWire(bytes: Uint8Array): DexParsedBlockMessage {
  try {
    return dexParsedBlockMessage.decode(new WireReader(bytes)) as unknown as DexParsedBlockMessage;
  } catch (error) {
    throw new UndecodableError(undecodableClass(error), messageOf(error));
  }
}

function undecodableClass(error: unknown): UndecodableClass {
  if (error instanceof RangeError) return 'truncated';
  return messageOf(error).startsWith('max depth') ? 'too_deep' : 'invalid_wire';
}
