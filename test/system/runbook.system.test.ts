import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { docBlocks } from '../support/doc-blocks.js';
import { DocFolder, wrongEnd } from '../support/doc-commands.js';
import { testPage } from '../support/doc-page.js';
import { Prometheus, withoutPrometheus } from './prometheus.js';
import { type RunbookStage, runbookStage } from './runbook-stage.js';

async function openLetters({ stage }: RunbookStage): Promise<number> {
  return (await stage.database.query("SELECT FROM ingest_dead_letters WHERE status = 'new'")).length;
}

testPage('RUNBOOK.md', runbookStage, {
  // The engine runs meanwhile: it finds its position gone back, and reads again from there.
  "UPDATE kafka_offsets SET next_offset = 0 WHERE topic = 'solana.dextrades.proto' AND partition = 0 RETURNING group_id, partition, next_offset;":
    ({ stage }) => stage.moves(),
  'owner dead-letters list --status new': async ({ stage }) => assert.ok((await openLetters(stage)) > 0),
  'owner dead-letters purge --older-than 30d --dry-run': async ({ stage }) =>
    assert.equal(await openLetters(stage), 0, 'all of them were landed by the block before'),
  'ls profiles/*.cpuprofile': ({ stage }) => {
    const profiles = readdirSync(join(stage.folder.path, 'profiles'));
    assert.ok(profiles.length > 1, `the main thread and the decode thread: ${profiles}`);
  },
});

test('the runbook’s look at Prometheus, on one with the shipped rules', { skip: withoutPrometheus() }, async () => {
  const block = docBlocks('RUNBOOK.md').find(({ heading }) => heading === 'Watchdog');
  assert.ok(block);
  const prometheus = await Prometheus.start({ forDivisor: 30, rangeDivisor: 60 });
  const folder = new DocFolder({ replace: { 'http://127.0.0.1:9090': prometheus.url } });
  try {
    const outcome = await folder.run(block);
    assert.equal(wrongEnd(block, outcome), null);
    assert.match(outcome.stdout, /^engine\.guide$/m);
    await prometheus.fires('Watchdog');
  } finally {
    folder.close();
    await prometheus.stop();
  }
});
