import assert from 'node:assert/strict';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { testPage } from '../support/doc-page.js';
import { containersOf, manifestsIn, templateOf } from '../support/kubernetes/manifests.js';
import { runbookStage } from './runbook-stage.js';

const NO_PODS = { metadata: { labels: {} }, spec: { containers: [] } };

testPage('PRODUCTION_CHECKLIST.md', runbookStage, {
  'SELECT max("timestamp") AS newest, count(*) AS trades FROM dex_trades;': ({ rows }) =>
    assert.ok(Number(rows[0]?.trades) > 0),
  'IMAGE=registry.example.com/bitquery-solana-kafka@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef':
    ({ stage }) => {
      const manifests = manifestsIn(join(stage.folder.path, 'deployment/kubernetes/base/'));
      const images = manifests.flatMap((one) => containersOf(templateOf(one) ?? NO_PODS).map(({ image }) => image));
      assert.ok(images.length > 4);
      for (const image of images) assert.match(image, /^registry\.example\.com\/.*@sha256:[0-9a-f]{64}$/);
    },
  "sed -i 's#https://runbook.invalid/#https://git.example.com/trades/blob/main/#' deployment/configs/prometheus_rules.yml":
    ({ stage }) => {
      for (const rules of [
        'configs/prometheus_rules.yml',
        'kubernetes/overlays/prometheus-operator/prometheus-rule.yaml',
      ])
        assert.doesNotMatch(readFileSync(join(stage.folder.path, 'deployment', rules), 'utf8'), /runbook\.invalid/);
    },
  'cd deployment/compose': ({ stage }) => {
    const secrets = lstatSync(join(stage.folder.path, 'deployment/compose/secrets'));
    assert.equal(secrets.mode & 0o777, 0o700);
  },
});
