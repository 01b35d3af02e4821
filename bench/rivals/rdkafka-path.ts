import bs58 from 'bs58';
import kafka from 'node-rdkafka';
import type { DexParsedBlockMessage, DexTradeSide, Long64 } from '../../proto/generated/full.js';
import type { RivalPlan } from './rival-messages.js';
import type { RivalTable } from './rival-table.js';
import { Stopwatch } from './stopwatch.js';
import { decodeFull, type RivalValue, rivalRows, type TutorialMessage } from './tutorial.js';

const CONSUME_MESSAGES = 32;
const CONNECT_TIMEOUT_MS = 10_000;

/** What a good engineer writes in a day: node-rdkafka, full decode on the main thread, only the fields of a row, one INSERT per batch. */
export async function drainWithRdkafka(plan: RivalPlan, table: RivalTable) {
  const consumer = new kafka.KafkaConsumer(
    {
      ...plan.kafka,
      'group.id': `rival-rdkafka-${process.pid}`,
      'enable.auto.commit': false,
      'fetch.wait.max.ms': 25,
    } as kafka.ConsumerGlobalConfig,
    { 'auto.offset.reset': 'error' },
  );
  consumer.setDefaultConsumeTimeout(10);
  await answer((done) => consumer.connect({ timeout: CONNECT_TIMEOUT_MS }, done));
  consumer.assign(plan.ranges.map(({ partition, from }) => ({ topic: plan.topic, partition, offset: from })));
  const messages = plan.ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  const stopwatch = new Stopwatch();
  while (stopwatch.messages < messages) {
    const batch = await answer<kafka.Message[]>((done) => consumer.consume(CONSUME_MESSAGES, done));
    stopwatch.count(batch.length);
    const rows = batch.flatMap(({ value }) => (value === null ? [] : rowsOfDecoded(value)));
    await table.insert(rows);
  }
  return stopwatch.read();
}

function answer<T>(ask: (done: (error: unknown, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => ask((error, value) => (error ? reject(error) : resolve(value as T))));
}

/** Only what a row needs becomes text. */
export function rowsOfDecoded(bytes: Uint8Array): RivalValue[][] {
  const message = decodeFull(bytes) as DexParsedBlockMessage;
  const plain: TutorialMessage = {
    Header: { Slot: longText(message.Header?.Slot as Long64 | undefined) },
    Transactions: (message.Transactions ?? []).map(({ Index, Signature, Status, Header, Trades }) => ({
      Index: Index ?? 0,
      Signature: base58(Signature),
      Status: { Success: Status?.Success ?? false },
      ...(Header == null
        ? {}
        : {
            Header: {
              Fee: longText(Header.Fee as Long64 | undefined),
              FeePayer: base58(Header.FeePayer),
              Signer: base58(Header.Signer),
            },
          }),
      Trades: (Trades ?? []).map((trade) => ({
        InstructionIndex: trade.InstructionIndex ?? 0,
        Dex: {
          ProgramAddress: base58(trade.Dex?.ProgramAddress),
          ProtocolName: trade.Dex?.ProtocolName ?? '',
          ProtocolFamily: trade.Dex?.ProtocolFamily ?? '',
        },
        Market: { MarketAddress: base58(trade.Market?.MarketAddress) },
        ...(trade.Buy == null ? {} : { Buy: sideOf(trade.Buy) }),
        ...(trade.Sell == null ? {} : { Sell: sideOf(trade.Sell) }),
        Royalty: longText(trade.Royalty as Long64 | undefined),
        Fee: longText(trade.Fee as Long64 | undefined),
      })),
    })),
  };
  return rivalRows(plain);
}

function sideOf(side: DexTradeSide) {
  return {
    Amount: longText(side.Amount as Long64 | undefined),
    Currency: { MintAddress: base58(side.Currency?.MintAddress) },
  };
}

function base58(bytes: Uint8Array | null | undefined): string {
  return bytes == null || bytes.length === 0 ? '' : bs58.encode(bytes);
}

function longText(value: Long64 | undefined): string {
  if (value === undefined) return '0';
  return ((BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0)).toString();
}
