import { spawnSync } from 'node:child_process';
import { type CommandResult, run } from '../kafka/command.js';

/** Why tests with psql cannot run here, false where they can; with PSQL_REQUIRED set they run, and fail, all the same. */
export function withoutPsql(env: NodeJS.ProcessEnv = process.env): string | false {
  if (env.PSQL_REQUIRED || spawnSync('psql', ['--version']).status === 0) return false;
  return 'no psql on this machine: apt-get install postgresql-client';
}

/** Runs psql without anybody's settings. */
export function psql(url: string, ...flags: string[]): Promise<CommandResult> {
  return run('psql', ['--no-psqlrc', '--quiet', url, ...flags], { env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' } });
}
