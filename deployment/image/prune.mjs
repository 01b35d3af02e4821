/**
 * Takes out of a node_modules folder what no running engine reads: `node prune.mjs node_modules`. Licences stay, and every
 * package.json, by which scanners tell what is in the image.
 */
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Packages that only compile or describe. */
const NOT_AT_RUN_TIME = ['nan', '@types', 'undici-types', '.bin', '.package-lock.json'];
/** Of the Kafka client half a gigabyte of sources and objects; this is the rest. */
const OF_RDKAFKA = [
  /^package\.json$/,
  /^LICENSE/,
  /^librdkafka\.js$/,
  /^lib\//,
  /^build\/Release\/node-librdkafka\.node$/,
  /^build\/deps\/librdkafka(\+\+)?\.so\.1$/,
  /^deps\/librdkafka\/LICENSE/,
];
const NEVER_READ = /(\.map|\.[cm]?ts|\.md|\.markdown|\.flow|\.tsbuildinfo)$/i;
const FOR_DEVELOPERS = new Set([
  'test',
  'tests',
  '__tests__',
  'example',
  'examples',
  'benchmark',
  'benchmarks',
  'bench',
  'docs',
  '.github',
]);

const root = process.argv[2];
if (root === undefined) throw new Error('usage: node prune.mjs node_modules');

for (const name of NOT_AT_RUN_TIME) rmSync(join(root, name), { recursive: true, force: true });
keepOnly(join(root, 'node-rdkafka'), (path) => OF_RDKAFKA.some((pattern) => pattern.test(path)));
for (const folder of packagesOf(root)) {
  for (const name of readdirSync(folder)) if (FOR_DEVELOPERS.has(name)) rmSync(join(folder, name), { recursive: true });
}
keepOnly(root, (path) => !NEVER_READ.test(path) || /licen[cs]e|notice|copying/i.test(path));

/** The folders with a package.json of their own, at the top and in a scope. A link leads to what is copied by itself. */
function packagesOf(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => (name.startsWith('@') ? packagesOf(join(folder, name)) : [join(folder, name)]));
}

/** Removes each file whose path within the folder is not to be kept, and the folders left empty. */
function keepOnly(folder, isKept, within = '') {
  let kept = 0;
  for (const name of readdirSync(join(folder, within))) {
    const path = within === '' ? name : `${within}/${name}`;
    const full = join(folder, path);
    const keep = lstatSync(full).isDirectory() ? keepOnly(folder, isKept, path) > 0 : isKept(path);
    if (keep) kept++;
    else rmSync(full, { recursive: true });
  }
  return kept;
}
