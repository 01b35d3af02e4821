/**
 * `deployment-shim.js docker|kubectl WORDS`: stands in for both where there is neither a daemon nor a cluster. What a page does to
 * containers and pods it does to the stage's real engine: `exec` runs the command here, a signal goes to ENGINE_PID. What names
 * something that the deployment has not, or a command nobody knows, fails.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { type Action, applied, type Deployed, dockerAction, kubectlAction } from './deployment-commands.js';

const DATABASE_URLS = { engine: 'DATABASE_URL', owner: 'OWNER_URL', monitor: 'MONITOR_URL' } as const;

/** As the stage wrote it: asking kubectl for it from here would ask ourselves. */
const deployed = JSON.parse(readFileSync(process.env.DEPLOYED ?? '', 'utf8')) as Deployed;

function carryOut(action: Action): number {
  switch (action.does) {
    case 'nothing':
      return 0;
    case 'print':
      process.stdout.write(Buffer.from(process.env.OWNER_URL ?? '').toString('base64'));
      return 0;
    case 'secret':
      for (const file of action.files) readFileSync(file);
      process.stdout.write(`apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${action.name}\n`);
      return 0;
    case 'apply':
      for (const file of action.files)
        if (file !== '-') statSync(file);
        else process.stdout.write(`${applied(readFileSync(0, 'utf8'), deployed).join('\n')} configured\n`);
      return 0;
    case 'signal':
      process.kill(Number(process.env.ENGINE_PID), `SIG${action.signal}`);
      return 0;
    case 'run': {
      const [program = '', ...args] = action.command;
      const url = process.env[DATABASE_URLS[action.as]] ?? '';
      const env = { ...process.env, DATABASE_URL: url };
      return spawnSync(program, args, { stdio: 'inherit', env }).status ?? 1;
    }
  }
}

const [tool, ...words] = process.argv.slice(2);
try {
  process.exitCode = carryOut((tool === 'docker' ? dockerAction : kubectlAction)(words, deployed));
} catch (error) {
  process.stderr.write(`${tool} ${words.join(' ')}: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
