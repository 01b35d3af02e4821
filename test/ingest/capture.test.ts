import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CaptureReader, CaptureWriter } from '../../src/ingest/capture-file.js';
import type { SourceMessage } from '../../src/ingest/source.js';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capture-'));
});
after(() => rm(folder, { recursive: true }));

const MESSAGES: SourceMessage[] = [
  {
    topic: 'a.topic',
    partition: 0,
    offset: 2 ** 52,
    timestampMs: 1_700_000_000_123,
    key: Uint8Array.of(1, 2),
    value: Uint8Array.of(3),
  },
  { topic: 'a.topic', partition: 5, offset: 0, timestampMs: -1, key: null, value: null },
  { topic: 'a.topic', partition: 0, offset: 7, timestampMs: 0, key: new Uint8Array(0), value: new Uint8Array(0) },
  { topic: 'a.topic', partition: 1, offset: 8, timestampMs: 1, key: null, value: new Uint8Array(100_000).fill(9) },
];

async function captured(name: string): Promise<string> {
  const path = join(folder, name);
  const writer = new CaptureWriter(path, 'a.topic');
  await writer.write(MESSAGES);
  await writer.close();
  return path;
}

async function readAll(path: string): Promise<SourceMessage[]> {
  const reader = await CaptureReader.open(path);
  const messages: SourceMessage[] = [];
  try {
    for (let next = await reader.next(); next !== null; next = await reader.next()) messages.push(next);
  } finally {
    await reader.close();
  }
  return messages;
}

test('reads back what was written, null and empty keys and values apart', async () => {
  assert.deepEqual(await readAll(await captured('whole')), MESSAGES);
});

test('takes a last record that was not written to its end for the end', async () => {
  const path = await captured('cut');
  const { length } = await readFile(path);
  for (const bytes of [1, 99_999, 100_020]) {
    await truncate(path, length - bytes);
    assert.deepEqual(await readAll(path), MESSAGES.slice(0, 3));
  }
});

test('refuses a damaged record and says at which byte it lies', async () => {
  const path = await captured('damaged');
  const file = await open(path, 'r+');
  await file.write(Buffer.of(0xff), 0, 1, 40);
  await file.close();
  await assert.rejects(readAll(path), { code: 'CAPTURE_INVALID', message: /damaged at byte 23/ });
});

test('takes a damaged length for damage and not for the end, which would lose the rest in silence', async () => {
  const path = await captured('length');
  const file = await open(path, 'r+');
  await file.write(Buffer.of(0x01), 0, 1, 23);
  await file.close();
  await assert.rejects(readAll(path), { code: 'CAPTURE_INVALID', message: /damaged at byte 23/ });
});

test('refuses a damaged topic, which would land under another name', async () => {
  const path = await captured('topic');
  const file = await open(path, 'r+');
  await file.write(Buffer.from('b'), 0, 1, 12);
  await file.close();
  await assert.rejects(readAll(path), { code: 'CAPTURE_INVALID', message: /damaged in its head/ });
});

test('refuses a folder', async () => {
  await assert.rejects(readAll(folder), { code: 'CAPTURE_INVALID', message: /cannot be read/ });
});

test('refuses what is no capture file, and what is not there', async () => {
  const path = join(folder, 'other');
  await writeFile(path, 'not a capture at all');
  await assert.rejects(CaptureReader.open(path), { code: 'CAPTURE_INVALID', message: /not a capture file/ });
  await assert.rejects(CaptureReader.open(join(folder, 'absent')), {
    code: 'CAPTURE_INVALID',
    message: /cannot be read/,
  });
});

test('writes over no file, and says so', async () => {
  const path = await captured('there.capture');
  const before = await readFile(path);
  const writer = new CaptureWriter(path, 'a.topic');
  await assert.rejects(writer.close(), { code: 'CAPTURE_INVALID', message: /there\.capture is there already/ });
  assert.deepEqual(await readFile(path), before);
});

test('waits for the file again and again and leaves no listener behind', async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error) => warnings.push(warning);
  process.on('warning', warned);
  try {
    const writer = new CaptureWriter(join(folder, 'long.capture'), 'a.topic');
    for (let i = 0; i < 30; i++) await writer.write(MESSAGES);
    await writer.close();
    await new Promise(setImmediate);
    assert.deepEqual(warnings, []);
  } finally {
    process.off('warning', warned);
  }
});
