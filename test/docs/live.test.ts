import assert from 'node:assert/strict';
import { testPage } from '../support/doc-page.js';
import { freshStage, join, type LiveStage, outageStage, runningStage } from './live-stage.js';

const landsEverything = ({ printed, stage }: { printed: string; stage: LiveStage }): Promise<void> => {
  assert.match(printed, /everything in flight has landed/);
  return stage.stage.assertLedger();
};

testPage('docs/connect-to-bitquery.md', freshStage);

testPage('docs/catch-up-after-an-outage.md', outageStage, {
  // A reader leaves it running: what it had no time for, another lands.
  'npm start': async ({ stage: { stage } }) => {
    const engine = stage.engine();
    await stage.settled();
    await engine.stop();
  },
  'node dist/src/main.cjs status --watch 2': ({ stage }) => stage.stage.assertLedger(),
  'KAFKA_GROUP_ID=backfill-1 node dist/src/main.cjs replay market.capture': landsEverything,
});

testPage('docs/add-a-replica.md', runningStage, {
  // A reader has it running in another terminal.
  'HEALTH_CHECK_PORT=8081 PROMETHEUS_PORT=9091 npm start': async ({ stage }) => {
    await join(stage.stage, 2);
  },
});
