import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DATABASE_CHECKS } from '../../src/commands/checks/database-checks.js';
import { KAFKA_CHECKS } from '../../src/commands/checks/kafka-checks.js';
import { BOTH_CHECKS, STREAM_CHECKS } from '../../src/commands/checks/stream-checks.js';
import { readPage } from '../support/doc-blocks.js';
import { testPage } from '../support/doc-page.js';
import { freshStage, join, type LiveStage, outageStage, runningStage } from './live-stage.js';

const landsEverything = ({ printed, stage }: { printed: string; stage: LiveStage }): Promise<void> => {
  assert.match(printed, /everything in flight has landed/);
  return stage.stage.assertLedger();
};

testPage('docs/connect-to-bitquery.md', freshStage);

it('docs/connect-to-bitquery.md says of each line of `check` what it means', () => {
  const page = readPage('docs/connect-to-bitquery.md');
  for (const { name } of [...KAFKA_CHECKS, ...STREAM_CHECKS, ...DATABASE_CHECKS, ...BOTH_CHECKS])
    assert.ok(page.includes(`\n| \`${name}\` |`), name);
});

testPage('docs/catch-up-after-an-outage.md', outageStage, {
  'node dist/src/main.cjs status --watch 2': ({ stage }) => stage.stage.assertLedger(),
  'KAFKA_GROUP_ID=backfill-1 node dist/src/main.cjs replay market.capture': landsEverything,
});

testPage('docs/add-a-replica.md', runningStage, {
  // A reader has it running in another terminal.
  'HEALTH_CHECK_PORT=8081 PROMETHEUS_PORT=9091 npm start': async ({ stage }) => {
    await join(stage.stage, 2);
  },
});
