import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FlowLine, type FlowReading, FlowWatch } from '../../src/observe/flow-watch.js';
import { NO_SECONDS } from '../../src/observe/stall.js';
import { NOW_MS } from './fixtures.js';

const MINUTE_MS = 60_000;
const LIMITS = { messagesPerSecondMin: 100, p99MsMax: 500 };
const FAST = { messages: 1_000, slow: 0, p99Ms: 80, slowSeconds: NO_SECONDS };

/** A watch that is told of one minute after the other; each answers its lines but the one about the pace. */
function minutes(limits = LIMITS): (landed: number, changes?: Partial<FlowReading>) => FlowLine[] {
  const watch = new FlowWatch(limits);
  let now: FlowReading = {
    atMs: NOW_MS,
    messages: 0,
    trades: 0,
    bytes: 0,
    lag: 0,
    lagSeconds: 0,
    ownership: '0:1',
    stalls: NO_SECONDS,
    latencies: FAST,
  };
  watch.apply(now);
  return (landed, changes = {}) => {
    now = { ...now, latencies: FAST, atMs: now.atMs + MINUTE_MS, messages: now.messages + landed, ...changes };
    return watch.apply(now).slice(1);
  };
}

const codes = (lines: readonly FlowLine[]): string[] => lines.map(({ level, code }) => `${level} ${code}`);

describe('the watch over the flow', () => {
  it('tells the pace of each interval', () => {
    const watch = new FlowWatch(LIMITS);
    const begin = { atMs: NOW_MS, messages: 10, trades: 0, bytes: 0, lag: 0, lagSeconds: 0, ownership: '' };
    assert.deepEqual(watch.apply({ ...begin, stalls: NO_SECONDS, latencies: FAST }), []);
    const end = { ...begin, atMs: NOW_MS + MINUTE_MS, messages: 2_830, trades: 30_420, bytes: 1.2e9, lag: 7 };
    const [line, ...more] = watch.apply({ ...end, lagSeconds: 12.3, stalls: NO_SECONDS, latencies: FAST });
    assert.deepEqual(more, []);
    assert.deepEqual([line?.level, line?.code], ['info', 'flow']);
    assert.equal(line?.message, '47 messages/s, 507 trades/s, 20.0 MB/s; lag 7 (12 s); p99 80 ms');
    assert.equal(line?.fields.lag, 7);
  });

  it('says nothing of a slow stream that is kept up with', () => {
    const minute = minutes();
    for (let i = 0; i < 5; i++) assert.deepEqual(minute(2_820, { lag: 40 }), []);
    assert.deepEqual(minute(0, { lag: 0 }), [], 'nor of one that pauses');
    assert.deepEqual(minute(3, { lag: 1 }), [], 'nor of one that trickles');
  });

  it('warns of a low pace while the producer is faster, names the stage, and says when it is over', () => {
    const minute = minutes();
    const [warning, ...more] = minute(1_200, { lag: 3_000, stalls: { ...NO_SECONDS, workers: 45 } });
    assert.deepEqual(more, []);
    assert.deepEqual([warning?.level, warning?.code], ['warn', 'throughput_low']);
    assert.match(warning?.message ?? '', /^20 messages\/s land, fewer than 100.* 3000 wait, 70 a second come;.*decode/);
    assert.equal(warning?.fields.stage, 'workers');
    assert.deepEqual(codes(minute(7_000, { lag: 0 })), ['info throughput_recovered']);
  });

  it('warns of a low pace while a backlog waits, though the producer is no faster', () => {
    const minute = minutes();
    minute(60_000, { lag: 50_000 });
    assert.deepEqual(codes(minute(3_000, { lag: 49_000 })), ['warn throughput_low']);
  });

  it('warns where nothing lands at all of the little that waits', () => {
    const minute = minutes();
    assert.deepEqual(codes(minute(0, { lag: 30 })), ['warn throughput_low']);
  });

  it('does not warn of a backlog that is worked off fast', () => {
    const minute = minutes();
    minute(60_000, { lag: 500_000 });
    assert.deepEqual(minute(60_000, { lag: 440_000 }), []);
  });

  it('does not take a partition that was just claimed with a backlog for a producer that is faster', () => {
    const minute = minutes();
    assert.deepEqual(minute(2_820, { lag: 90_000, ownership: '0:1 1:7' }), []);
    assert.deepEqual(codes(minute(2_820, { lag: 90_000, ownership: '0:1 1:7' })), ['warn throughput_low']);
  });

  it('says nothing of what it does not know', () => {
    const minute = minutes();
    assert.deepEqual(minute(0, { lag: null }), []);
    assert.deepEqual(minute(0, { lag: null }), []);
  });

  it('says again every ten minutes what lasts, and not every minute', () => {
    const minute = minutes();
    const told = Array.from({ length: 22 }, (_, i) => codes(minute(0, { lag: 1_000 + i })).length);
    assert.deepEqual(
      told.flatMap((count, i) => (count > 0 ? [i] : [])),
      [0, 10, 20],
    );
  });

  it('warns of late messages with the stage where most of their time went', () => {
    const minute = minutes();
    const latencies = { messages: 2_800, slow: 60, p99Ms: 900, slowSeconds: { ...NO_SECONDS, kafka: 1, postgres: 40 } };
    const [warning, ...more] = minute(2_800, { latencies });
    assert.deepEqual(more, []);
    assert.deepEqual([warning?.level, warning?.code, warning?.fields.stage], ['warn', 'latency_high', 'postgres']);
    assert.match(warning?.message ?? '', /900 ms, which is over 500 ms: 60 of 2800 messages were late.*PostgreSQL$/);
    const none = { messages: 0, slow: 0, p99Ms: null, slowSeconds: NO_SECONDS };
    assert.deepEqual(minute(0, { latencies: none }), [], 'nothing came that could show it');
    assert.deepEqual(codes(minute(2_800)), ['info latency_recovered']);
  });

  it('blames the stage that the flow stood still for where messages had to wait in Kafka', () => {
    const slowSeconds = { ...NO_SECONDS, kafka: 100, postgres: 40 };
    const latencies = { messages: 2_800, slow: 2_800, p99Ms: 60_000, slowSeconds };
    const [held] = minutes()(2_800, { latencies, stalls: { ...NO_SECONDS, postgres: 50 } });
    assert.equal(held?.fields.stage, 'postgres');
    const [late] = minutes()(2_800, { latencies });
    assert.equal(late?.fields.stage, 'kafka');
    const behind = { ...latencies, slowSeconds: { ...NO_SECONDS, reassembler: 90, postgres: 20 } };
    const [waited] = minutes()(2_800, { latencies: behind, stalls: { ...NO_SECONDS, postgres: 50 } });
    assert.equal(waited?.fields.stage, 'postgres', 'a batch waits for the one before it to be written');
  });

  it('does not warn of one message in a hundred, of a few by chance, or where it is not to', () => {
    const slowSeconds = { ...NO_SECONDS, kafka: 9 };
    assert.deepEqual(minutes()(2_800, { latencies: { messages: 2_800, slow: 28, p99Ms: 450, slowSeconds } }), []);
    assert.deepEqual(minutes()(40, { latencies: { messages: 40, slow: 2, p99Ms: 4_000, slowSeconds } }), []);
    const never = minutes({ messagesPerSecondMin: 0, p99MsMax: 0 });
    assert.deepEqual(never(0, { lag: 9_000, latencies: { messages: 40, slow: 40, p99Ms: 4_000, slowSeconds } }), []);
  });
});
