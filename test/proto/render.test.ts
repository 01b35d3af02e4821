import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { renderModules } from '../../proto/render.js';

const folder = new URL('../../../proto/', import.meta.url);

test('the committed descriptors are what the schema gives: run `npm run proto` after changing it', async () => {
  const source = await readFile(new URL('solana_messages.proto', folder), 'utf8');
  const modules = renderModules(source);
  assert.deepEqual([...modules.keys()], ['full.ts', 'projection.ts']);
  for (const [file, text] of modules) {
    assert.equal(await readFile(new URL(`generated/${file}`, folder), 'utf8'), text, file);
  }
});

test('a projection of a field that the schema does not have is refused', () => {
  assert.throws(
    () => renderModules('syntax = "proto3"; package solana_messages; message BlockHeader { uint64 Slot = 1; }'),
    /BlockHeader\.Hash/,
  );
});
