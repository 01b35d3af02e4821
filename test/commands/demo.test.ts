import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runDemo } from '../support/demo.js';

test('a demo lands every trade exactly once and says so in one JSON object, alone on stdout', async () => {
  const { code, stdout, stderr } = await runDemo(['--seconds', '10', '--json']);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^\{[^\n]*\}\n$/);
  const summary = JSON.parse(stdout);
  assert.deepEqual(Object.keys(summary), ['messages', 'trades', 'deadLetters', 'seconds', 'p99Ms']);
  const { produced, expected, landed, missing, duplicated } = summary.trades;
  assert.ok(summary.messages > 20, 'a stream was produced');
  assert.ok(produced > expected && expected > 100, 'with repeats');
  assert.deepEqual([landed, missing, duplicated], [expected, 0, 0]);
  assert.ok(summary.p99Ms > 0);
  assert.match(stderr, /Clean: every trade landed exactly once, in order\./);
  assert.match(stderr, /rows compared in every column, wrong: 0/);
  assert.ok(!stderr.includes('\u001b'), 'no colours where there is no terminal');
});

test('a demo that is interrupted lands what is under way and prints its ledger', async () => {
  let interrupted = false;
  const { code, stdout, stderr } = await runDemo(['--seconds', '600'], (output, child) => {
    if (interrupted || !output.includes('messages/s')) return;
    interrupted = child.kill('SIGINT');
  });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /Ledger of \d+ messages/);
  assert.match(stdout, /Clean/);
});

test('a demo with flags that make no sense names each of them and exits with 2', async () => {
  const { code, stderr } = await runDemo(['--seconds', '0', '--rate', 'fast', '--seed', '1.5', '--kill-every', '']);
  assert.equal(code, 2);
  for (const flag of ['--seconds: got "0"', '--rate: got "fast"', '--seed: got "1.5"', '--kill-every: got ""']) {
    assert.ok(stderr.includes(flag), stderr);
  }
});

test('a demo whose database cannot be reached says so, exits with 1 and leaves no process behind', async () => {
  const env = { DATABASE_URL: 'postgres://nobody:secret-word@127.0.0.1:9/none' };
  const { code, stdout, stderr } = await runDemo(['--seconds', '5'], () => {}, env);
  assert.equal(code, 1);
  assert.match(stderr, /ECONNREFUSED/);
  assert.ok(!`${stdout}${stderr}`.includes('secret-word'));
});
