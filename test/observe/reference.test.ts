import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { logsDocument } from '../../src/observe/log-docs.js';
import { LOG_EVENTS } from '../../src/observe/log-events.js';
import { METRIC_DEFINITIONS } from '../../src/observe/metric-definitions.js';
import { metricsDocument } from '../../src/observe/metric-docs.js';
import { createMetrics } from '../../src/observe/metrics.js';
import { mirrorStatus } from '../../src/observe/mirror-status.js';
import { WITHOUT_PROMTOOL } from '../support/promtool.js';
import { engineStatus } from './fixtures.js';

const ROOT = new URL('../../../', import.meta.url);
const LOG_CALL = /\b[lL]ogger(?:\.|\[level\]\.?)(?:trace|debug|info|warn|error|fatal)\(\s*'([^']+)'/g;
const LIMITED_CALL = /\.limited\(\s*(?:'\w+'|level),\s*[^,]+,\s*'([^']+)'/g;

/** The source but the table itself, by path. */
function sources(): Map<string, string> {
  const files = (readdirSync(new URL('src/', ROOT), { recursive: true }) as string[])
    .filter((file) => file.endsWith('.ts') && !/observe\/log-(events|docs)\.ts$/.test(file))
    .map((file) => [file, readFileSync(new URL(`src/${file}`, ROOT), 'utf8')] as const);
  return new Map(files);
}

describe('the reference', () => {
  it('METRICS.md is made of the metrics; node scripts/write-reference.mjs renews it', () => {
    assert.equal(readFileSync(new URL('METRICS.md', ROOT), 'utf8'), metricsDocument());
  });

  it('docs/LOGS.md is made of the events; node scripts/write-reference.mjs renews it', () => {
    assert.equal(readFileSync(new URL('docs/LOGS.md', ROOT), 'utf8'), logsDocument());
  });

  it('METRICS.md has a row for each metric, and says of each label what bounds it', () => {
    const document = metricsDocument();
    for (const { name, labels } of Object.values(METRIC_DEFINITIONS)) {
      assert.match(document, new RegExp(`^\\| \`${name}\` \\|`, 'm'));
      for (const label of labels) assert.match(document, new RegExp(`^\\| \`${label}\` \\| .+ \\|$`, 'm'));
    }
  });
});

describe('the contract of the log', () => {
  it('has no line whose code is not in the table', () => {
    const codes: string[] = [];
    for (const [file, text] of sources())
      for (const pattern of [LOG_CALL, LIMITED_CALL])
        for (const [, code = ''] of text.matchAll(pattern)) {
          codes.push(code);
          assert.ok(code in LOG_EVENTS, `${file}: ${code}`);
        }
    assert.ok(codes.length > 15, `only ${codes.length} calls were found`);
  });

  it('has no code in the table that nobody uses', () => {
    const text = [...sources().values()].join('\n');
    for (const code of Object.keys(LOG_EVENTS)) assert.ok(text.includes(`'${code}'`), code);
  });

  it('says of each code what happened and what to do, in sentences', () => {
    for (const [code, { means, act }] of Object.entries(LOG_EVENTS)) {
      assert.match(code, /^[a-z]+(_[a-z]+)*$/);
      for (const text of [means, act]) assert.match(text, /^[A-Z`].*\.$/, code);
    }
  });
});

describe('promtool', () => {
  it('finds nothing to say against the metrics', { skip: WITHOUT_PROMTOOL }, async () => {
    const metrics = createMetrics({ version: '1.2.3' });
    mirrorStatus(metrics, engineStatus());
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: await metrics.registry.metrics(),
      encoding: 'utf8',
    });
    assert.deepEqual([status, stdout + stderr], [0, '']);
  });
});
