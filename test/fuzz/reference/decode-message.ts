import protobuf from 'protobufjs/light.js';
import { fullDescriptor } from '../../../proto/generated/full.js';
import {
  type DexParsedBlockMessage,
  type ParsedDexTransaction,
  projectionDescriptor,
} from '../../../proto/generated/projection.js';
import { messageOf } from '../../../src/errors.js';
import { RECORDS_MAX } from '../../../src/workers/walk-fields.js';
import { type UndecodableClass, UndecodableError } from '../../../src/workers/wire.js';
import { wrongTypeOf } from '../../../src/workers/wrong-type.js';
import { WireReader } from './wire-reader.js';

/** Decodes bytes with protobufjs. Throws an {@link UndecodableError}. */
export type Decode = (bytes: Uint8Array) => DexParsedBlockMessage;

/**
 * With the whole schema: every field of every message is looked at. Texts are bytes in it, as in the projection, since
 * no text makes a message illegal here.
 */
export const decodeFull: Decode = decoderOf(textsAsBytes(fullDescriptor));

/** With what the projection keeps of the schema: other fields are stepped over, whatever their bytes. */
export const decodeProjection: Decode = decoderOf(projectionDescriptor);

/** Throws where a message is one of another topic, or of a size that no message of this one has. */
export function refuseForeign(message: DexParsedBlockMessage, bytes: Uint8Array): void {
  const trades = message.Transactions.reduce((sum, transaction) => sum + transaction.Trades.length, 0);
  if (Math.max(trades, message.Transactions.length) > RECORDS_MAX) {
    throw new UndecodableError('too_many_trades', `more than ${RECORDS_MAX} transactions or trades`);
  }
  if (message.Transactions.some(hasDex)) return;
  const type = wrongTypeOf(bytes);
  if (type !== null) throw new UndecodableError('wrong_type', `this is a ${type}, not a DexParsedBlockMessage`);
}

function hasDex(transaction: ParsedDexTransaction): boolean {
  return transaction.Trades.some((trade) => trade.Dex !== null);
}

function decoderOf(descriptor: object): Decode {
  const root = protobuf.Root.fromJSON(descriptor as protobuf.INamespace).resolveAll();
  const type = root.lookupType('solana_messages.DexParsedBlockMessage');
  return (bytes) => {
    try {
      return type.decode(new WireReader(bytes)) as unknown as DexParsedBlockMessage;
    } catch (error) {
      throw new UndecodableError(undecodableClass(error), messageOf(error));
    }
  };
}

function textsAsBytes(descriptor: object): object {
  return JSON.parse(
    JSON.stringify(descriptor, (key, value) => (key === 'type' && value === 'string' ? 'bytes' : value)),
  );
}

function undecodableClass(error: unknown): UndecodableClass {
  if (error instanceof RangeError) return 'truncated';
  return messageOf(error).startsWith('max depth') ? 'too_deep' : 'invalid_wire';
}
