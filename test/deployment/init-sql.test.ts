import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { migrate } from '../../src/sink/migrate.js';
import { missingGrants } from '../../src/sink/privileges.js';
import { COMPOSE_FOLDER } from '../support/compose-file.js';
import { testServerUrl } from '../support/database.js';
import { deploymentSql } from '../support/least-privilege.js';
import { psql, withoutPsql } from '../support/psql.js';

const ROLES = ['owner', 'engine', 'reader', 'monitor'] as const;

/** Databases to be made, with roles of their own. */
class Deployment {
  readonly name = `trades_init_${randomBytes(6).toString('hex')}`;
  /** Holds the files of deployment/sql. */
  readonly folder = mkdtempSync(join(tmpdir(), 'init-sql-'));
  readonly server: string;

  constructor(server: string) {
    this.server = server;
    mkdirSync(join(this.folder, 'sql'));
    for (const file of ['init.sql', 'roles.sql', 'grants.sql'])
      writeFileSync(join(this.folder, 'sql', file), deploymentSql(file, this.name));
  }

  init(url: string, ...flags: string[]) {
    return psql(url, `--variable=database=${this.name}`, ...flags, `--file=${join(this.folder, 'sql', 'init.sql')}`);
  }

  url(user?: string, password?: string): string {
    const url = new URL(this.server);
    url.pathname = `/${this.name}`;
    if (user !== undefined) url.username = user;
    if (password !== undefined) url.password = password;
    return url.href;
  }

  async remove(): Promise<void> {
    await rows(this.server, `DROP DATABASE IF EXISTS ${this.name} WITH (FORCE)`);
    for (const role of [...ROLES, 'admin']) await rows(this.server, `DROP ROLE IF EXISTS ${this.name}_${role}`);
    rmSync(this.folder, { recursive: true });
  }
}

async function rows<Row = Record<string, unknown>>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** All that anybody may do in the database. */
const accessOf = (url: string) =>
  rows(
    url,
    `SELECT relname AS name, relacl::text AS acl FROM pg_class WHERE relnamespace = 'public'::regnamespace
     UNION ALL SELECT proname, proacl::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
     UNION ALL SELECT datname, datacl::text FROM pg_database WHERE datname = current_database() ORDER BY 1, 2`,
  );

describe('init.sql, run by psql', { skip: withoutPsql() }, () => {
  let deployment: Deployment;
  const open: Deployment[] = [];
  const fresh = async (): Promise<Deployment> => {
    const one = new Deployment(await testServerUrl());
    open.push(one);
    return one;
  };
  before(async () => {
    deployment = await fresh();
  });
  after(async () => {
    for (const one of open) await one.remove();
  });

  test('makes the database, and the roles with the passwords that prepare.sh made', async () => {
    const env = { PATH: process.env.PATH, KAFKA_PASSWORD: 'of the broker' };
    const script = fileURLToPath(new URL('prepare.sh', COMPOSE_FOLDER));
    const prepared = spawnSync('bash', [script, '--folder', deployment.folder], { env, encoding: 'utf8' });
    assert.equal(prepared.status, 0, prepared.stderr);
    const secret = (name: string): string => join(deployment.folder, 'secrets', name);
    const made = await deployment.init(deployment.server, `--file=${secret('role_passwords')}`);
    assert.deepEqual([made.code, made.stderr], [0, '']);
    assert.match(made.stdout, /There are no tables yet/);
    for (const role of ROLES) {
      const { password } = new URL(readFileSync(secret(`${role}_database_url`), 'utf8').trim());
      const name = `${deployment.name}_${role}`;
      assert.deepEqual(await rows(deployment.url(name, password), 'SELECT current_user AS name'), [{ name }]);
      await assert.rejects(rows(deployment.url(name, 'another'), 'SELECT'), { code: '28P01' });
    }
    await migrate(
      deployment.url(
        `${deployment.name}_owner`,
        new URL(readFileSync(secret('owner_database_url'), 'utf8').trim()).password,
      ),
    );
  });

  test('grants each role what it needs once there are tables, and does nothing the next time', async () => {
    const granted = await deployment.init(deployment.server);
    assert.deepEqual([granted.code, granted.stdout, granted.stderr], [0, '', '']);
    const asEngine = async <Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> => {
      const client = new pg.Client(deployment.url());
      await client.connect();
      try {
        await client.query(`SET ROLE ${deployment.name}_engine`);
        return (await client.query(text, [...values])).rows as Row[];
      } finally {
        await client.end();
      }
    };
    assert.deepEqual(await missingGrants({ rows: asEngine }, { retention: true, indexes: false }), []);
    const before = await accessOf(deployment.url());
    assert.equal((await deployment.init(deployment.server)).code, 0);
    assert.deepEqual(await accessOf(deployment.url()), before);
    const [owner] = await rows(
      deployment.url(),
      `SELECT pg_get_userbyid(relowner) AS name FROM pg_class WHERE relname = 'kafka_offsets'`,
    );
    assert.equal(owner?.name, `${deployment.name}_owner`);
  });

  test('changes a password, and leaves those that are not given', async () => {
    const login = (role: string, password: string) =>
      rows(deployment.url(`${deployment.name}_${role}`, password), 'SELECT');
    const changed = await deployment.init(
      deployment.server,
      "--variable=reader_password=it's new",
      '--variable=monitor_password=one',
    );
    assert.equal(changed.code, 0, changed.stderr);
    await login('reader', "it's new");
    assert.equal((await deployment.init(deployment.server, '--variable=monitor_password=two')).code, 0);
    await login('reader', "it's new");
    await login('monitor', 'two');
    await assert.rejects(login('monitor', 'one'), { code: '28P01' });
  });

  test('does for an administrator who is no superuser, and says what is left to the owner', async () => {
    const other = await fresh();
    const admin = `${other.name}_admin`;
    await rows(other.server, `CREATE ROLE ${admin} LOGIN CREATEDB CREATEROLE PASSWORD 'admin'`);
    const server = new URL(other.server);
    server.username = admin;
    server.password = 'admin';
    const made = await other.init(server.href, '--variable=owner_password=owner');
    assert.deepEqual([made.code, made.stderr], [0, '']);
    const owner = other.url(`${other.name}_owner`, 'owner');
    await migrate(owner);
    const again = await other.init(server.href);
    assert.deepEqual([again.code, again.stderr], [0, '']);
    assert.match(again.stdout, /"\$OWNER_URL" -f deployment\/sql\/grants\.sql/);
    const granted = await psql(owner, `--file=${join(other.folder, 'sql', 'grants.sql')}`);
    assert.deepEqual([granted.code, granted.stderr], [0, '']);
  });

  test('stops at what it may not do, with an exit code that says so', async () => {
    const third = await fresh();
    const { code, stderr } = await third.init(deployment.url(`${deployment.name}_monitor`, 'two'));
    assert.equal(code, 3);
    assert.match(stderr, /permission denied to create database/);
  });
});
