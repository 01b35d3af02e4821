import assert from 'node:assert/strict';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { testPage } from '../support/doc-page.js';
import { runbookStage } from './runbook-stage.js';

testPage('PRODUCTION_CHECKLIST.md', runbookStage, {
  'SELECT max("timestamp") AS newest, count(*) AS trades FROM dex_trades;': ({ rows }) =>
    assert.ok(Number(rows[0]?.trades) > 0),
  'cd deployment/compose': ({ stage }) => {
    const secrets = lstatSync(join(stage.folder.path, 'deployment/compose/secrets'));
    assert.equal(secrets.mode & 0o777, 0o700);
  },
});
