import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EngineReport } from '../../../src/commands/lag/engine-reports.js';
import { databaseBound } from '../../../src/commands/lag/engine-reports.js';
import { LagMetrics } from '../../../src/commands/lag/lag-metrics.js';
import { type LagSources, LagWatch } from '../../../src/commands/lag/lag-watch.js';

const NOW_MS = 1_760_000_000_000;
const OPTIONS = { group: 'g', topic: 't', intervalMs: 1_000 };
const POSITION = { partition: 0, nextOffset: 10, epoch: 1, owner: 'me', committedAtMs: NOW_MS };
const STORED = { positions: [POSITION], connections: [], writable: true, completeness: [] };
const REPORT: EngineReport = {
  url: 'http://engine',
  error: null,
  state: 'active',
  colour: null,
  version: '1',
  breaker: 'closed',
  saturated: false,
  reasons: [],
};

function stage(changes: Partial<LagSources> = {}) {
  const lines: string[] = [];
  const say = (code: string, message: string): void => void lines.push(`${code}: ${message}`);
  const sources: LagSources = {
    positions: async () => STORED,
    held: async () => [{ partition: 0, low: 0, high: 15 }],
    timestamps: async () => new Map([[0, NOW_MS - 4_000]]),
    engines: async () => [],
    ...changes,
  };
  const watch = new LagWatch(sources, OPTIONS, { info: say, warn: say });
  const metrics = new LagMetrics();
  return { watch, lines, text: (nowMs = NOW_MS) => metrics.text(watch.measurement(nowMs)) };
}

describe('the watch over the lag', () => {
  it('exports nothing of the group before it has asked', async () => {
    assert.doesNotMatch(await stage().text(), /^kafka_consumer_lag\{/m);
  });

  it('tells lag in messages and in seconds, which grow older by themselves', async () => {
    const { watch, text } = stage();
    await watch.measure(() => NOW_MS);
    assert.match(await text(), /^kafka_consumer_lag\{group="g",topic="t",partition="0"\} 5$/m);
    assert.match(await text(NOW_MS + 1_000), /^kafka_consumer_lag_seconds\{group="g",topic="t",partition="0"\} 5$/m);
  });

  it('exports what was stored of completeness, and nothing of it once the database is away', async () => {
    const completeness = [{ measure: 'blocks', ratio: 0.07, checkedAtMs: NOW_MS - 9_000 }];
    let away = false;
    const { watch, text } = stage({
      positions: async () => {
        if (away) throw new Error('away');
        return { ...STORED, completeness };
      },
    });
    await watch.measure(() => NOW_MS);
    assert.match(await text(), /^data_completeness_diff_ratio\{measure="blocks"\} 0\.07$/m);
    assert.match(await text(), /^data_completeness_checked_timestamp_seconds\{measure="blocks"\} 1759999991$/m);
    assert.doesNotMatch(await text(NOW_MS + 60_000), /^data_completeness_diff_ratio\{/m);
    away = true;
    await watch.measure(() => NOW_MS);
    assert.doesNotMatch(await text(), /^data_completeness_diff_ratio\{/m);
  });

  it('knows a partition that was added from the next look on', async () => {
    const held = [{ partition: 0, low: 0, high: 15 }];
    const { watch, text } = stage({ held: async () => held });
    await watch.measure(() => NOW_MS);
    assert.doesNotMatch(await text(), /partition="1"/);
    held.push({ partition: 1, low: 0, high: 7 });
    await watch.measure(() => NOW_MS);
    assert.match(await text(), /^kafka_consumer_lag\{group="g",topic="t",partition="1"\} 7$/m);
    assert.match(await text(), /^kafka_topic_partitions\{topic="t"\} 2$/m);
  });

  it('forgets an answer that is too old, so that a loop that hangs exports no constant', async () => {
    const { watch, text } = stage();
    await watch.measure(() => NOW_MS);
    assert.match(await text(NOW_MS + 30_000), /^kafka_consumer_lag\{/m);
    const late = await text(NOW_MS + 30_001);
    assert.doesNotMatch(late, /^kafka_consumer_lag\{|^kafka_partition_high|^kafka_consumer_committed/m);
    assert.match(late, /^lag_exporter_source_up\{source="kafka"\} 0$/m);
  });

  it('says once that a source is away, and once that it is back', async () => {
    let away = false;
    const held = async () => {
      if (away) throw new Error('no broker');
      return [];
    };
    const { watch, lines } = stage({ held });
    for (const now of [false, true, true, false, false]) {
      away = now;
      await watch.measure(() => NOW_MS);
    }
    assert.deepEqual(
      lines.map((line) => line.split(':')[0]),
      ['lag_source_away', 'lag_source_back'],
    );
    assert.match(lines[0]!, /Kafka does not answer.*no broker/);
  });

  it('calls no lag useful while the database holds the engines up or takes no writes', async () => {
    const useful = async (changes: Partial<LagSources>): Promise<string | undefined> => {
      const { watch, text } = stage(changes);
      await watch.measure(() => NOW_MS);
      return /^kafka_consumer_useful_lag\{.*\} (\d+)$/m.exec(await text())?.[1];
    };
    assert.equal(await useful({}), '5');
    assert.equal(await useful({ engines: async () => [{ ...REPORT, breaker: 'open' }] }), '0');
    assert.equal(await useful({ positions: async () => ({ ...STORED, writable: false }) }), '0');
  });
});

describe('whether the database holds the engines up', () => {
  it('is so where one has given it up, or all that read wait for it', () => {
    assert.equal(databaseBound([]), false);
    assert.equal(databaseBound([REPORT]), false);
    assert.equal(databaseBound([REPORT, { ...REPORT, breaker: 'open' }]), true);
    assert.equal(databaseBound([REPORT, { ...REPORT, saturated: true }]), false);
    assert.equal(
      databaseBound([
        { ...REPORT, saturated: true },
        { ...REPORT, error: 'gone', state: null },
      ]),
      true,
    );
    assert.equal(databaseBound([{ ...REPORT, saturated: true, state: 'drained' }]), false);
  });
});
