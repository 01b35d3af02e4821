import protobuf from 'protobufjs/light.js';
import { type DexParsedBlockMessage, fullDescriptor, type Long64 } from './generated/full.js';

const root = protobuf.Root.fromJSON(fullDescriptor).resolveAll();

/** Type of the full schema by its name, `DexParsedBlockMessage` for one, with protobufjs' encode and decode. */
export function fullType(name: string): protobuf.Type {
  return root.lookupType(`solana_messages.${name}`);
}

const dexParsedBlockMessage = fullType('DexParsedBlockMessage');

/**
 * Encodes a message of the dextrades topic. Types of all messages are in `generated/full.ts`. 64-bit fields take a number
 * (exact to 2^53) or {@link uint64}; protobufjs writes a bigint as 0.
 */
export function encodeDexParsedBlockMessage(message: DexParsedBlockMessage): Uint8Array {
  return dexParsedBlockMessage.encode(message).finish();
}

/** A 64-bit field's value from a bigint, two's complement where negative. */
export function uint64(value: bigint): Long64 {
  return { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)), unsigned: true };
}
