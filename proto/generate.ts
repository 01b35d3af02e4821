import { readFile, writeFile } from 'node:fs/promises';
import { renderModules } from './render.js';

// Compiled to dist*/proto/generate.js: the package root is two levels up.
const folder = new URL('../../proto/', import.meta.url);
const source = await readFile(new URL('solana_messages.proto', folder), 'utf8');
for (const [file, text] of renderModules(source)) {
  await writeFile(new URL(`generated/${file}`, folder), text);
}
