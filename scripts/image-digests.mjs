/**
 * Holds the images that are pinned by digest against their registries: `node scripts/image-digests.mjs`. Says of each whether the
 * digest is what its tag is today; with --write what is newer takes its place in the files. Which tag it is stays a person's choice.
 *
 * Exits with 1 where a registry does not have a pinned digest, with 2 for wrong usage. A registry that gives no answer is no finding
 * and no clean bill: 0, and it is said that nothing was checked, or 3 where --strict is given. --registry URL asks there instead.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const TIMEOUT_MS = 15_000;
const REFERENCE = /\b((?:[\w-]+(?:\.[\w-]+)+)\/[\w./-]+):([\w.-]+)@(sha256:[0-9a-f]{64})/g;
const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const HOSTS = { 'docker.io': 'registry-1.docker.io' };

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
    registry: { type: 'string' },
    root: { type: 'string', default: join(import.meta.dirname, '..') },
  },
});

const files = ['Dockerfile', ...composeFiles()].map((name) => join(values.root, name));
const references = new Map();
for (const file of files)
  for (const [text, name, tag, digest] of readFileSync(file, 'utf8').matchAll(REFERENCE))
    references.set(text, { name, tag, digest });

const tokens = new Map();
let missing = 0;
let unasked = 0;
for (const [text, { name, tag, digest }] of references) {
  try {
    const [pinned, newest] = [await digestOf(name, digest), await digestOf(name, tag)];
    if (pinned === null) {
      missing++;
      console.log(`NOT THERE   ${text}: the registry has no such digest`);
    } else if (newest === digest || newest === null)
      console.log(`as pinned   ${text}${newest === null ? ' (the tag is gone)' : ''}`);
    else {
      console.log(`newer       ${name}:${tag} is ${newest} by now`);
      if (values.write) replace(text, `${name}:${tag}@${newest}`);
    }
  } catch (error) {
    unasked++;
    console.log(`NOT CHECKED ${text}: ${error.cause?.message ?? error.message}`);
  }
}
process.exitCode = missing > 0 ? 1 : unasked > 0 && values.strict ? 3 : 0;

function composeFiles() {
  const folder = 'deployment/compose';
  return readdirSync(join(values.root, folder))
    .filter((name) => name.endsWith('.yml'))
    .map((name) => join(folder, name));
}

function replace(from, to) {
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    if (text.includes(from)) writeFileSync(file, text.replaceAll(from, to));
  }
}

/** The digest behind a tag or a digest, null where there is none. Throws where the registry does not say. */
async function digestOf(name, reference) {
  const [host, ...path] = name.split('/');
  const base = values.registry ?? `https://${HOSTS[host] ?? host}`;
  const ask = () =>
    fetch(`${base}/v2/${path.join('/')}/manifests/${reference}`, {
      method: 'HEAD',
      headers: { accept: MANIFESTS, ...(tokens.has(name) ? { authorization: `Bearer ${tokens.get(name)}` } : {}) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  let answer = await ask();
  if (answer.status === 401 && !tokens.has(name)) {
    tokens.set(name, await token(answer.headers.get('www-authenticate') ?? ''));
    answer = await ask();
  }
  if (answer.status === 404) return null;
  const digest = answer.headers.get('docker-content-digest');
  if (!answer.ok || digest === null) throw new Error(`${base} answered ${answer.status}`);
  return digest;
}

/** As nobody in particular, which is enough for public images. */
async function token(challenge) {
  const { realm, ...query } = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
  );
  if (realm === undefined) throw new Error('the registry asks for a login in a way of its own');
  const answer = await fetch(`${realm}?${new URLSearchParams(query)}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`${realm} answered ${answer.status}`);
  const body = await answer.json();
  return body.token ?? body.access_token;
}
