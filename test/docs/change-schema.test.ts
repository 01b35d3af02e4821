import assert from 'node:assert/strict';
import { type PageChecks, testPage } from '../support/doc-page.js';
import { landCapture } from './market.js';
import { captureStage, type DatabaseStage } from './stages.js';

const CHECKS: PageChecks<DatabaseStage> = {
  '-- The new column': async ({ rows: [row], stage }) => {
    assert.ok(Number(row?.rows) > 1_000);
    assert.equal(row?.with_time, row?.rows);
    // The release of before, which knows nothing of the migration, lands on the same schema: in another group, what landed is a repeat.
    await stage.database.query('TRUNCATE solana_dex_trades');
    await landCapture(`${stage.folder.path}/market.capture`, stage.database, 'before');
    const [again] = await stage.database.query<{ rows: string }>(
      'SELECT count(landed_at) AS rows FROM solana_dex_trades',
    );
    assert.equal(again?.rows, row?.rows);
  },
};

testPage('docs/change-the-schema.md', captureStage, CHECKS);
