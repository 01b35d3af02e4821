import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GroupSigns } from '../../src/ingest/group-signs.js';
import { readStatistics } from '../../src/ingest/kafka-client.js';

const report = (protocol: string, cgrp: object | undefined): { waits: boolean } =>
  readStatistics(JSON.stringify({ rx_bytes: 1, brokers: {}, cgrp }), { 'group.protocol': protocol });

test('an assignment makes a member, until it joins anew', () => {
  const signs = new GroupSigns();
  assert.equal(signs.member, false);
  signs.assigned();
  assert.equal(signs.member, true);
  signs.joining();
  assert.equal(signs.member, false);
});

test('one that waits for an assignment for some reports under KIP-848 is a member that gets none', () => {
  const signs = new GroupSigns();
  const waiting = report('consumer', { state: 'up', join_state: 'init' });
  signs.apply(waiting);
  assert.equal(signs.member, false);
  signs.apply(waiting);
  assert.equal(signs.member, true);
  signs.apply(report('consumer', { state: 'query-coord', join_state: 'init' }));
  assert.equal(signs.member, false, 'the coordinator is gone');
});

test('other protocols always answer, and are waited for', () => {
  const signs = new GroupSigns();
  for (let i = 0; i < 5; i++) signs.apply(report('classic', { state: 'up', join_state: 'init' }));
  for (let i = 0; i < 5; i++) signs.apply(report('consumer', undefined));
  assert.equal(signs.member, false);
});
