/**
 * Installs the native uWebSockets.js that hyper-express asks for under the name `uws-native`, where vendor/uwebsockets looks
 * for it: `node native-uws.mjs node_modules auto|required|off [sha256]`. It comes from its git host alone, which not every build
 * reaches: with `auto` the engine then serves over node:http. Which of them is active the engine logs and tells on /health.
 * It runs in the engine's process, so an archive whose hash nobody named is not even fetched.
 *
 * The archive holds binaries for every platform and version of Node; only this one's is kept.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TIMEOUT_MS = 60_000;
const [modules, mode, sha256] = process.argv.slice(2);
if (modules === undefined || !['auto', 'required', 'off'].includes(mode))
  throw new Error('usage: node native-uws.mjs node_modules auto|required|off [sha256]');

if (mode === 'required' && !sha256) throw new Error('NATIVE_UWS=required wants the NATIVE_UWS_SHA256 of the archive');
if (mode === 'off') console.log('native uWebSockets.js: off');
else if (!sha256)
  console.log('native uWebSockets.js: none, node:http instead (no NATIVE_UWS_SHA256 says which archive is meant)');
else {
  const target = join(modules, 'uws-native');
  try {
    await install(target);
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    // An archive that is not the one meant is nothing to go on without.
    if (mode === 'required' || error.code === 'WRONG_ARCHIVE') throw error;
    console.log(`native uWebSockets.js: none, node:http instead (${error.cause?.message ?? error.message})`);
  }
}

async function install(target) {
  const url = process.env.NATIVE_UWS_URL || archiveUrl();
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  const archive = Buffer.from(await answer.arrayBuffer());
  const sum = createHash('sha256').update(archive).digest('hex');
  if (sha256 !== sum)
    throw Object.assign(new Error(`${url} has the SHA-256 ${sum} and not ${sha256}`), { code: 'WRONG_ARCHIVE' });
  const folder = mkdtempSync(join(tmpdir(), 'uws-'));
  writeFileSync(join(folder, 'archive.tgz'), archive);
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, 'archive.tgz'), '-C', target, '--strip-components=1']);
  rmSync(folder, { recursive: true });
  const own = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;
  const binaries = readdirSync(target).filter((name) => name.endsWith('.node'));
  if (!binaries.includes(own)) throw new Error(`${url} has no ${own}`);
  for (const name of binaries) if (name !== own) rmSync(join(target, name));
  console.log(`native uWebSockets.js: ${own} of ${url}, SHA-256 ${sum}`);
}

/** Of the tag that hyper-express names: no second version to keep in step. */
function archiveUrl() {
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(modules, 'hyper-express/package.json'), 'utf8'),
  );
  const wanted = { ...optionalDependencies, ...dependencies }['uWebSockets.js'];
  const tag = /^github:uNetworking\/uWebSockets\.js#(v[\d.]+)$/.exec(wanted)?.[1];
  if (tag === undefined) throw new Error(`hyper-express asks for uWebSockets.js as ${wanted}, which names no tag`);
  return `https://codeload.github.com/uNetworking/uWebSockets.js/tar.gz/refs/tags/${tag}`;
}
