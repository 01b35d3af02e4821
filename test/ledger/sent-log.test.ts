import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SentLog } from './sent-log.js';

describe('the log of what was sent', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sent-log-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const trade = { slot: 5, txIndex: 6, tradeIndex: 7, row: () => ({}) as never };
  const message = (partition: number, timestampMs: number) => ({
    partition,
    timestampMs,
    trades: [trade],
    poison: null,
  });

  function log(): SentLog {
    const sent = new SentLog();
    sent.add(message(1, 100), 0);
    sent.add({ ...message(1, 200), poison: 'random', trades: [] }, 1);
    sent.add(message(1, 300), 3);
    sent.add(message(0, 300), 0);
    return sent;
  }

  test('knows the end of each partition, and how far it is known without a hole', () => {
    const sent = log();
    assert.deepEqual([sent.endOf(0), sent.endOf(1), sent.endOf(2)], [1, 4, 0]);
    assert.deepEqual([sent.knownTo(1, 0), sent.knownTo(1, 3), sent.knownTo(2, 0)], [2, 4, 0]);
    assert.equal(sent.messages, 4);
  });

  test('finds messages by offset and by time', () => {
    const sent = log();
    assert.equal(sent.timestampOf(1, 3), 300);
    assert.equal(sent.firstAtOrAfter(1, 150), 1);
    assert.throws(() => sent.timestampOf(1, 2), /nothing was sent as 1@2/);
  });

  test('is the same after it was written to a file and read again', () => {
    const file = join(folder, 'sent.jsonl');
    const sent = log();
    sent.write(file);
    assert.deepEqual(SentLog.read(file).all(), sent.all());
  });

  test('names the line of a file that is no message', () => {
    const file = join(folder, 'broken.jsonl');
    writeFileSync(file, '[0,0,1,false,[]]\n[0,1,\n');
    assert.throws(() => SentLog.read(file), /line 2 of .*broken\.jsonl/);
  });
});
