import assert from 'node:assert/strict';
import { test } from 'node:test';
import protobuf from 'protobufjs/light.js';
import { fullType } from '../../../../proto/full-codec.js';
import type { DexParsedBlockMessage } from '../../../../proto/generated/full.js';
import { projectionDescriptor } from '../../../../proto/generated/projection.js';
import { takeMessages } from '../../../../src/commands/demo/generator/generator.js';
import type { GeneratedMessage } from '../../../../src/commands/demo/generator/message.js';

/** What a measure is in the real stream, and the band the generator must keep to. */
type Measure = readonly [name: string, value: number, real: string, low: number, high: number];

const projection = protobuf.Root.fromJSON(projectionDescriptor)
  .resolveAll()
  .lookupType('solana_messages.DexParsedBlockMessage');

test('messages weigh and look like the real ones', (context) => {
  const messages = takeMessages(1_000, { poisonShare: 0 });
  const measures = [...streamMeasures(messages), ...contentMeasures(messages)];
  context.diagnostic(`${'measure'.padEnd(44)}${'generated'.padStart(12)}   real stream`);
  for (const [name, value, real] of measures) {
    context.diagnostic(`${name.padEnd(44)}${value.toPrecision(4).padStart(12)}   ${real}`);
  }
  for (const [name, value, real, low, high] of measures) {
    assert.ok(value >= low && value <= high, `${name} is ${value}, outside ${low} - ${high} (real: ${real})`);
  }
});

function streamMeasures(messages: readonly GeneratedMessage[]): Measure[] {
  const seconds = (messages.at(-1)!.timestampMs - messages[0]!.timestampMs) / 1_000;
  const bytes = messages.reduce((sum, { value }) => sum + value.length, 0);
  const full = messages.filter(({ transactions }) => transactions > 0);
  const sent = messages.reduce((sum, { transactions }) => sum + transactions, 0);
  const trades = messages.flatMap((message) => message.trades);
  const uniqueTrades = new Set(trades.map((trade) => `${trade.slot}/${trade.txIndex}/${trade.tradeIndex}`)).size;
  const unique = new Set(trades.map((trade) => `${trade.slot}/${trade.txIndex}`)).size;
  const slots = new Set(messages.map(({ slot }) => slot)).size;
  const largest = full.reduce((most, { value }) => Math.max(most, value.length), 0);
  return [
    ['messages per second', messages.length / seconds, '47', 42, 54],
    ['messages per slot', messages.length / slots, '18.5', 16, 22],
    ['unique trades per second', uniqueTrades / seconds, '507', 450, 560],
    ['trades per transaction', uniqueTrades / unique, '1.37', 1.3, 1.45],
    ['MB per second', bytes / seconds / 1e6, '15 - 22', 14.5, 22],
    ['KB of a message with transactions', bytes / full.length / 1e3, 'hundreds', 300, 900],
    ['KB of the largest message', largest / 1e3, 'at most 1,000', 500, 1_000],
    ['share of empty messages', 1 - full.length / messages.length, '7 of 12', 0.45, 0.65],
    ['share of transactions that are repeats', 1 - unique / sent, '42 of 64', 0.5, 0.7],
  ];
}

function contentMeasures(messages: readonly GeneratedMessage[]): Measure[] {
  const sample = messages.filter(({ transactions }) => transactions > 0).slice(0, 40);
  const sum = { bytes: 0, needed: 0, single: 0, singles: 0, instructions: 0, idl: 0, accounts: 0 };
  const transactionType = fullType('ParsedDexTransaction');
  const instructionType = fullType('ParsedIdlInstruction');
  const accountType = fullType('Account');
  const size = (type: protobuf.Type, message: object): number => type.encode(message as never).finish().length;
  for (const { value } of sample) {
    sum.bytes += value.length;
    sum.needed += projection.encode(projection.decode(value)).finish().length;
    const message = fullType('DexParsedBlockMessage').decode(value) as unknown as DexParsedBlockMessage;
    for (const transaction of message.Transactions ?? []) {
      if (transaction.Trades?.length !== 1) continue;
      sum.singles += 1;
      sum.single += size(transactionType, transaction);
      for (const account of transaction.Header?.Accounts ?? []) sum.accounts += size(accountType, account) + 2;
      for (const event of [...transaction.Trades, ...(transaction.PoolEvents ?? [])]) {
        sum.instructions += size(instructionType, event.Instruction ?? {});
        sum.idl += event.Instruction?.Program?.Json?.length ?? 0;
      }
    }
  }
  return [
    ['KB of a transaction with one trade', sum.single / sum.singles / 1e3, '11.7 - 17.2', 11, 17.5],
    ['... share of Instruction', sum.instructions / sum.single, '0.75 - 0.79', 0.68, 0.82],
    ['... share of IDL text', sum.idl / sum.single, '0.41', 0.33, 0.48],
    ['... share of the header’s Accounts', sum.accounts / sum.single, '0.10', 0.06, 0.13],
    ['share of bytes a row needs', sum.needed / sum.bytes, '0.05 - 0.10', 0.035, 0.1],
  ];
}
