import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rememberSecret, withoutSecrets } from '../src/config-secrets.js';

test('a secret is blanked out wherever it stands, also as URLs and JSON write it', () => {
  rememberSecret('pa"ss wörd');
  assert.equal(withoutSecrets('got pa"ss wörd, again pa"ss wörd!'), 'got [redacted], again [redacted]!');
  assert.equal(withoutSecrets(`?p=${encodeURIComponent('pa"ss wörd')}`), '?p=[redacted]');
  assert.equal(withoutSecrets(JSON.stringify({ p: 'pa"ss wörd' })), '{"p":"[redacted]"}');
});

test('of a URL the password is, decoded and encoded, though it be written wrongly', () => {
  rememberSecret('postgres://engine:one%40two@db:5432/trades');
  assert.equal(withoutSecrets('one@two and one%40two for engine at db'), '[redacted] and [redacted] for engine at db');
  rememberSecret('postgres://engine:three/@four:five@db:5432/trades');
  assert.equal(withoutSecrets('with three/@four:five'), 'with [redacted]');
  rememberSecret('postgres://db/trades?user=engine&password=six%20six&sslmode=require');
  assert.equal(withoutSecrets('six six, require'), '[redacted], require');
});

test('a password that stands in the open beside it hides nothing', () => {
  rememberSecret('postgres://postgres:postgres@localhost:5432/trades');
  rememberSecret('postgres://trades:trades@localhost:5432/trades');
  assert.equal(withoutSecrets('postgres, trades'), 'postgres, trades');
});

test('of properties those are that say so', () => {
  rememberSecret('ssl.key.password=seven7;socket.timeout.ms=100000;sasl.oauthbearer.client.secret=eight8');
  assert.equal(withoutSecrets('seven7 100000 eight8'), '[redacted] 100000 [redacted]');
});

test('a few letters are no secret worth blanking out a log for', () => {
  rememberSecret('log');
  rememberSecret('');
  rememberSecret('%zz');
  assert.equal(withoutSecrets('a log line'), 'a log line');
});
