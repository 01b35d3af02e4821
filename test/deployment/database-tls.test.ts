import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { chown, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { parseDocument } from 'yaml';
import { type PostgresServer, startPostgres } from '../../src/commands/demo/embedded-postgres.js';
import { Connection } from '../../src/sink/connection.js';
import { makeCertificate } from '../support/certificate.js';
import { docBlocks } from '../support/doc-blocks.js';
import { containersOf, KUBERNETES, manifestsIn, templateOf } from '../support/kubernetes/manifests.js';

const NAMED = 'sslrootcert=/run/secrets/database/ca.pem';
const OPTIONS = { applicationName: 'tls', stallTimeoutMs: 10_000, lockTimeoutMs: 0 };

describe('a database whose certificate an authority of our own signed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'database-tls-'));
  const authority = makeCertificate({ name: 'an authority' });
  let server: PostgresServer;

  before(async () => {
    server = await startPostgres({ settings: { max_connections: '20' } });
    const own = makeCertificate({ name: 'localhost', issuer: authority });
    const { uid, gid } = await stat(server.dataDir);
    for (const [name, text] of Object.entries({ 'server.crt': own.certificate, 'server.key': own.key })) {
      const path = join(server.dataDir, name);
      await writeFile(path, text, { mode: 0o600 });
      await chown(path, uid, gid);
    }
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query('ALTER SYSTEM SET ssl = on');
    await client.end();
    await server.restart();
    writeFileSync(join(folder, 'ca.pem'), authority.certificate);
    writeFileSync(join(folder, 'other.pem'), makeCertificate({ name: 'an authority' }).certificate);
  });
  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  /** As a page writes it, with the folder of this test in place of the Secret's. */
  function url(host: string, ...more: string[]): string {
    const address = new URL(server.url);
    address.hostname = host;
    address.search = ['sslmode=verify-full', ...more].join('&').replaceAll('/run/secrets/database', folder);
    return address.href;
  }

  test('lets the engine in, and the pod that grants, where the URL names the authority', async () => {
    const connection = await Connection.open({ ...OPTIONS, url: url('localhost', NAMED) });
    const [row] = await connection.rows<{ ssl: boolean }>('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    await connection.end();
    assert.deepEqual(row, { ssl: true });
    const client = new pg.Client(url('localhost', NAMED));
    await client.connect();
    await client.end();
  });

  test('is refused without it, with another authority, and under another name', async () => {
    const refused = async (address: string, why: RegExp): Promise<void> => {
      await assert.rejects(Connection.open({ ...OPTIONS, url: address }), why);
    };
    await refused(url('localhost'), /self-signed certificate|unable to (?:get|verify)/);
    await refused(url('localhost', NAMED.replace('ca.pem', 'other.pem')), /certificate|unable to verify/);
    await refused(url('127.0.0.1', NAMED), /Hostname\/IP does not match/);
  });

  test('is reached by the path that the pages give, which is where the Secret is mounted', () => {
    const template = readFileSync(join(KUBERNETES, 'secret.yaml.template'), 'utf8');
    assert.ok(template.includes(`&${NAMED}`));
    assert.match(template, /^ {2}# ca\.pem: /m);
    assert.ok(docBlocks('docs/connect-to-bitquery.md').some(({ text }) => text.includes(NAMED)));
    const mounts = manifestsIn(KUBERNETES).flatMap((one) => {
      const pods = templateOf(one);
      return pods === null ? [] : containersOf(pods).map(({ volumeMounts = [] }) => volumeMounts);
    });
    assert.ok(mounts.length > 4);
    for (const paths of mounts)
      assert.ok(
        paths.some(({ mountPath }) => NAMED.endsWith(`=${mountPath}/ca.pem`)),
        JSON.stringify(paths),
      );
    for (const part of template.split(/^---$/m)) assert.deepEqual(parseDocument(part).errors, []);
  });
});
