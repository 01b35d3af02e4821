import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OPTIONS } from '../../src/config.js';
import { composeText } from '../support/compose-file.js';

const ROOT = new URL('../../../', import.meta.url);
const text = readFileSync(new URL('Dockerfile', ROOT), 'utf8');
const manifest = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
/** Instructions with their continuations, without comments. */
const instructions = text
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '');
const of = (word: string): string[] =>
  instructions.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1).trim());
const stages = instructions
  .join('\n')
  .split(/^FROM /m)
  .slice(1);
const last = stages.at(-1)!;
/** What is copied from the checkout, not from another stage. */
const copied = of('COPY')
  .filter((line) => !line.startsWith('--from='))
  .flatMap((line) => line.split(/\s+/).slice(0, -1));

describe('the Dockerfile', () => {
  test('stands on one base, pinned by digest in one place', () => {
    const [base] = of('ARG').filter((line) => line.startsWith('NODE_IMAGE='));
    assert.match(base ?? '', /^NODE_IMAGE=docker\.io\/library\/node:24\.\d+\.\d+-trixie-slim@sha256:[0-9a-f]{64}$/);
    assert.equal(of('FROM').length, 3);
    for (const from of of('FROM')) assert.match(from, /^\$\{NODE_IMAGE\}( AS \w+)?$/);
    assert.equal(text.match(/sha256:/g)?.length, 1);
  });

  test('loads no binary of whoever answers: the native server wants a hash, and none is given by default', () => {
    assert.ok(of('ARG').includes('NATIVE_UWS_SHA256='));
    assert.match(text, /native-uws\.mjs node_modules "\$NATIVE_UWS" "\$NATIVE_UWS_SHA256"/);
  });

  test('makes an image of this version, under the name that compose runs', () => {
    assert.ok(of('ARG').includes(`VERSION=${manifest.version}`));
    for (const file of ['engine.common.yml', 'docker-compose.blue.yml', 'docker-compose.green.yml', '.env.example'])
      assert.match(
        composeText(file),
        new RegExp(`bitquery-solana-kafka:${manifest.version.replaceAll('.', '\\.')}\\b`),
        file,
      );
    assert.match(last, new RegExp(`image\\.licenses="${manifest.license}"`));
  });

  test('ends as a user who is not root, with ports, health and a signal to stop', () => {
    assert.deepEqual(of('USER'), ['10001:10001']);
    assert.deepEqual(of('EXPOSE'), [`${OPTIONS.healthCheckPort.default} ${OPTIONS.prometheusPort.default}`]);
    assert.deepEqual(of('STOPSIGNAL'), ['SIGTERM']);
    const health = /CMD (\[.*\])/.exec(of('HEALTHCHECK')[0] ?? '')?.[1] ?? '';
    assert.deepEqual(JSON.parse(health), ['node', '/app/deployment/image/healthcheck.mjs']);
    assert.match(
      composeText('engine.common.yml'),
      /test: \["CMD", "node", "\/app\/deployment\/image\/healthcheck\.mjs"\]/,
    );
    assert.ok(last.indexOf('USER ') < last.indexOf('smoke-test.mjs'), 'the smoke test runs as that user');
    assert.doesNotMatch(text.replaceAll(/^#.*$/gm, ''), /max-old-space-size|curl/);
  });

  test('copies what the code reads beside itself when it runs', () => {
    const source = readdirSync(new URL('src/', ROOT), { recursive: true })
      .map(String)
      .filter((name) => /\.[cm]?ts$/.test(name));
    const read = source.flatMap((name) =>
      [...readFileSync(new URL(`src/${name}`, ROOT), 'utf8').matchAll(/new URL\('(?:\.\.\/){3,}(\w[^']*)'/g)].map(
        ([, path = '']) => path,
      ),
    );
    assert.ok(read.length >= 3, read.join(' '));
    for (const path of read) {
      const kept = copied.some((one) => path === one || (one.endsWith('/') && path.startsWith(one)));
      assert.ok(
        kept && new RegExp(`COPY .*${path.replace(/\/$/, '')}`).test(last),
        `${path} is read, and not in the image`,
      );
    }
  });

  test('lets nothing into the build that it does not copy', () => {
    const lines = readFileSync(new URL('.dockerignore', ROOT), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    assert.equal(lines[0], '*');
    const allowed = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    for (const path of copied) {
      assert.ok(existsSync(fileURLToPath(new URL(path, ROOT))), path);
      assert.ok(
        allowed.some((one) => path.replace(/\/$/, '') === one || path.startsWith(`${one}/`)),
        `${path} is ignored`,
      );
    }
    const unused = allowed.filter(
      (one) =>
        !['.', 'deployment'].includes(one) &&
        !copied.some((path) => path.replace(/\/$/, '') === one || path.startsWith(`${one}/`)),
    );
    assert.deepEqual(unused, []);
    for (const hidden of ['**/.env*', '**/*.pem', '**/*.key']) assert.ok(lines.includes(hidden));
  });

  test('takes certificates and tokens for the build alone', () => {
    for (const line of of('RUN').filter((line) => /npm ci|native-uws/.test(line)))
      assert.match(line, /--mount=type=secret,id=ca_certificates/);
    assert.deepEqual(
      of('ARG').filter((line) => /TOKEN|PASSWORD|SECRET|NPMRC/i.test(line)),
      [],
    );
    assert.deepEqual(
      of('ENV').filter((line) => !/^NODE_ENV=production$/.test(line)),
      [],
    );
  });
});
