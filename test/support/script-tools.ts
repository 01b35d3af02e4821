import { spawnSync } from 'node:child_process';

/** Why a test with these tools cannot run here, false where it can. With the variable `required` set it runs, and fails, all the same. */
export function missingTools(tools: readonly string[], required: string): string | false {
  const missing = tools.filter((tool) => spawnSync(tool, ['--version']).status !== 0);
  if (missing.length === 0 || process.env[required]) return false;
  return `not installed: ${missing.join(', ')} (Debian: apt-get install ${missing.join(' ')})`;
}

/** As {@link missingTools}, for what runs scripts of `deployment/`. */
export function scriptToolsMissing(): string | false {
  return missingTools(['bats', 'jq', 'curl', 'flock'], 'BATS_REQUIRED');
}
