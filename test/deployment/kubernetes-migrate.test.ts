import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { KUBERNETES, manifestsIn, templateOf } from '../support/kubernetes/manifests.js';
import { deploymentSql, roledDatabase, script } from '../support/least-privilege.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

test('the container that grants, run as it stands in the Job, gives the roles what they need', async () => {
  const job = manifestsIn(KUBERNETES).find(({ kind }) => kind === 'Job')!;
  const [program = '', ...args] = templateOf(job)!.spec.containers[0]!.command!;
  const database = await roledDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'grants-'));
  try {
    await script(
      database.urls.owner,
      `REVOKE ALL ON dex_trades, kafka_offsets FROM ${database.roles.reader}, ${database.roles.engine}`,
    );
    writeFileSync(join(folder, 'grants.sql'), deploymentSql('grants.sql', database.name));
    writeFileSync(join(folder, 'database-url'), `${database.urls.owner}\n`);
    const { status, stdout, stderr } = spawnSync(
      program,
      args.map((text) => text.replace('/sql/grants.sql', join(folder, 'grants.sql'))),
      { cwd: ROOT, encoding: 'utf8', env: { PATH: process.env.PATH, DATABASE_URL_FILE: join(folder, 'database-url') } },
    );
    assert.deepEqual([status, stdout, stderr], [0, 'granted\n', '']);
    const [row] = await database.query<{ granted: boolean }>(
      `SELECT has_table_privilege($1, 'dex_trades', 'SELECT') AND has_table_privilege($2, 'kafka_offsets', 'UPDATE') AS granted`,
      [database.roles.reader, database.roles.engine],
    );
    assert.equal(row?.granted, true);
  } finally {
    rmSync(folder, { recursive: true });
    await database.drop();
  }
});
