import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { onScene } from '../scenario/scene.js';
import { TOPIC } from '../scenario/stage.js';

interface Exported {
  /** Samples of a metric by partition; `''` where it has none. */
  of(name: string): Map<string, number>;
  sum(name: string): number | null;
  readonly text: string;
}

async function portOf(exporter: EngineProcess): Promise<number> {
  await until('the exporter names its ports', () => /"http\.ports":\[\d+/.test(exporter.output), {
    explain: () => exporter.output,
  });
  return Number(/"http\.ports":\[(\d+)/.exec(exporter.output)?.[1]);
}

async function scrape(port: number): Promise<Exported> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const of = (name: string): Map<string, number> => {
    const found = new Map<string, number>();
    for (const [, labels = '', value] of text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm'))) {
      found.set(/(?:partition|source)="(\w+)"/.exec(labels)?.[1] ?? '', Number(value));
    }
    return found;
  };
  const sum = (name: string): number | null => {
    const values = [...of(name).values()];
    return values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
  };
  return { of, sum, text };
}

test('the exporter tells a lag that grows while every engine is dead, and nothing that it cannot know', () =>
  onScene({}, async ({ cluster, stage, proxy, send, owns }) => {
    const engine = stage.engine();
    const exporter = stage.engine(
      { DATABASE_URL: proxy.url(stage.database.urls.monitor), LAG_EXPORT_INTERVAL_MS: '500' },
      ['lag-exporter'],
    );
    await Promise.all([owns(engine), send(40)]);
    await stage.settled();
    const port = await portOf(exporter);
    await until('the exporter sees that all has landed', async () => {
      const seen = await scrape(port);
      return seen.sum('kafka_consumer_committed_offset') === stage.end && seen.sum('kafka_consumer_lag') === 0;
    });
    const settled = await scrape(port);
    assert.equal(settled.sum('kafka_consumer_lag_seconds'), 0);
    assert.equal(settled.sum('kafka_partition_high_watermark_offset'), stage.end);
    assert.deepEqual(settled.of('kafka_topic_partitions').get(''), 4);
    assert.deepEqual(
      [...settled.of('lag_exporter_source_up')],
      [
        ['kafka', 1],
        ['postgres', 1],
      ],
    );
    assert.match(
      settled.text,
      new RegExp(`^kafka_consumer_lag\\{group="scenario",topic="${TOPIC}",partition="0"\\} 0$`, 'm'),
    );

    await engine.kill();
    await send(30);
    await until(
      'lag grows though the engine is dead',
      async () => (await scrape(port)).sum('kafka_consumer_lag') === 30,
    );
    await until('and has an age', async () => ((await scrape(port)).sum('kafka_consumer_lag_seconds') ?? 0) > 0);
    const behind = await scrape(port);
    assert.equal(behind.sum('kafka_consumer_useful_lag'), 30);
    assert.equal((await fetch(`http://127.0.0.1:${port}/ready`)).status, 200);

    proxy.blackHole();
    proxy.cut();
    await until(
      'the database is away',
      async () => (await scrape(port)).of('lag_exporter_source_up').get('postgres') === 0,
    );
    const databaseless = await scrape(port);
    for (const name of [
      'kafka_consumer_lag',
      'kafka_consumer_lag_seconds',
      'kafka_consumer_useful_lag',
      'kafka_consumer_committed_offset',
    ])
      assert.equal(databaseless.sum(name), null, name);
    assert.equal(databaseless.sum('kafka_partition_high_watermark_offset'), stage.end);
    assert.ok((databaseless.of('lag_exporter_source_seen_timestamp_seconds').get('postgres') ?? 0) > 0);
    await exporter.says(/"event\.code":"lag_source_away".*PostgreSQL does not answer/);
    assert.equal((await fetch(`http://127.0.0.1:${port}/ready`)).status, 503);
    assert.equal((await fetch(`http://127.0.0.1:${port}/live`)).status, 200);
    assert.equal((await fetch(`http://127.0.0.1:${port}/health`, { method: 'POST' })).status, 405);
    assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 404);

    proxy.clear();
    proxy.cut();
    await until('the database is back', async () => (await scrape(port)).sum('kafka_consumer_lag') === 30);
    await exporter.says(/"event\.code":"lag_source_back"/);

    await cluster.down(1);
    await until(
      'the broker is away',
      async () => (await scrape(port)).of('lag_exporter_source_up').get('kafka') === 0,
      {
        explain: () => exporter.output,
      },
    );
    const brokerless = await scrape(port);
    for (const name of ['kafka_consumer_lag', 'kafka_partition_high_watermark_offset', 'kafka_topic_partitions'])
      assert.equal(brokerless.sum(name), null, name);
    assert.equal(brokerless.sum('kafka_consumer_committed_offset'), stage.end - 30);
    await cluster.up(1);
    await until('the broker is back', async () => (await scrape(port)).sum('kafka_consumer_lag') === 30);

    assert.deepEqual(await exporter.stop(), { code: 0, signal: null }, exporter.output);
  }));
