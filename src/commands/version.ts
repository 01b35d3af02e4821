import { readFileSync } from 'node:fs';

/** Name and version out of package.json, as `--version` prints them. */
export function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  return `${manifest.name} ${manifest.version}`;
}
