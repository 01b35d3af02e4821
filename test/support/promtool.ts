import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

const isThere = spawnSync('promtool', ['--version']).status === 0 || process.env.PROMTOOL_REQUIRED;

/** Why promtool cannot be asked here, false where it can. With PROMTOOL_REQUIRED set it is to be asked all the same. */
export const WITHOUT_PROMTOOL: string | false = isThere
  ? false
  : 'promtool is not installed (Debian: apt-get install prometheus)';

/** Has promtool look at files, with paths from `cwd`; fails with what it says where it finds anything. */
export function promtool(words: readonly string[], cwd?: string): void {
  const { status, stdout, stderr } = spawnSync('promtool', words, { cwd, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
}
