import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../src/commands/demo/free-port.js';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import { filesOf, MODEST, namesOf, variablesOf } from '../docs/stages.js';
import { Stage } from '../scenario/stage.js';
import { DocFolder } from '../support/doc-commands.js';
import type { PageStage } from '../support/doc-page.js';
import { deploymentSql } from '../support/least-privilege.js';
import { shippedDeployment } from './deployed.js';

const SHIM = fileURLToPath(new URL('./deployment-shim.js', import.meta.url));
/** The engine's limit: larger messages become dead letters, which the commands of the page, without it, can land. */
const MESSAGE_MAX_BYTES = '60000';
const FIRST_SLOT = 440_000_000;
const FIRST_INSPECTOR_PORT = 29_229;

export interface RunbookStage extends PageStage {
  readonly stage: Stage;
  /** Sends some more and waits until all of it has landed. */
  moves(): Promise<void>;
}

/** An engine that has landed what there is, with dead letters; docker and kubectl lead to it, as do `engine`, `owner` and `look`. */
export async function runbookStage(): Promise<RunbookStage> {
  const stage = await Stage.open();
  const work = mkdtempSync(join(tmpdir(), 'runbook-'));
  const socket = join(work, 'control.sock');
  const inspector = await freePort(FIRST_INSPECTOR_PORT);
  let sent = 0;
  const send = async (): Promise<void> => {
    const startSlot = FIRST_SLOT + 1_000 * sent++;
    await stage.send(takeMessages(60, { seed: 31, transactionsPerSlot: 30, poisonShare: 0, startSlot }));
  };
  await send();
  const engine = stage.engine({
    KAFKA_MESSAGE_MAX_BYTES: MESSAGE_MAX_BYTES,
    CONTROL_SOCKET: socket,
    NODE_OPTIONS: `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${work} --inspect-port=${inspector}`,
  });
  const port = await engine.healthPort();
  await stage.settled();

  const { database } = stage;
  writePrograms(work, `${port}`, socket);
  writeColours(work);
  writeFileSync(join(work, 'deployed.json'), JSON.stringify(shippedDeployment()));
  writeSecrets(work, database.urls);
  const folder = new DocFolder({
    environment: {
      ...variablesOf(database),
      ...MODEST,
      ...stage.environment(),
      KAFKA_SECURITY_PROTOCOL: 'PLAINTEXT',
      ENGINE_PID: String(engine.pid),
      DEPLOYED: join(work, 'deployed.json'),
      DIAGNOSTICS: work,
      SECRETS: work,
      PROCESS_DIR: join(work, 'colours'),
      STATE_DIR: join(work, 'state'),
      RESTORED_URL: database.urls.owner,
    },
    replace: {
      ...namesOf(database),
      '127.0.0.1:8080': `127.0.0.1:${port}`,
      '127.0.0.1:9229': `127.0.0.1:${inspector}`,
      '/tmp': work,
      'database=trades': `database=${database.name}`,
      '--seconds 14400': '--seconds 3',
    },
    files: { ...filesOf(database), 'deployment/sql/init.sql': deploymentSql('init.sql', database.name) },
    programs: [join(work, 'programs')],
  });
  return {
    stage,
    folder,
    databases: {
      '': database.urls.reader,
      owner: database.urls.owner,
      monitor: database.urls.monitor,
      admin: database.url,
    },
    moves: async () => {
      await send();
      await stage.settled();
    },
    close: async () => {
      folder.close();
      await stage.close();
      rmSync(work, { recursive: true, force: true });
    },
  };
}

/** What the page's first section has its reader define, and what stands in for a daemon and a cluster. */
function writePrograms(work: string, port: string, socket: string): void {
  mkdirSync(join(work, 'programs'));
  const program = (name: string, text: string): void => {
    const file = join(work, 'programs', name);
    writeFileSync(file, `#!/usr/bin/env bash\n${text}\n`);
    chmodSync(file, 0o755);
  };
  program('engine', `export CONTROL_SOCKET=${socket}\nexec node dist/src/main.cjs "$@"`);
  program('owner', 'export DATABASE_URL="$OWNER_URL"\nexec node dist/src/main.cjs "$@"');
  program(
    'look',
    `exec node -e 'fetch(process.argv[1]).then(async (answer) => console.log(await answer.text()))' "http://127.0.0.1:${port}/$1"`,
  );
  for (const tool of ['docker', 'kubectl']) program(tool, `exec node ${SHIM} ${tool} "$@"`);
}

/** Folders of two colours, neither of which is up. */
function writeColours(work: string): void {
  for (const colour of ['blue', 'green']) {
    mkdirSync(join(work, 'colours', colour), { recursive: true });
    writeFileSync(join(work, 'colours', colour, '.env'), `DEPLOYMENT_COLOUR=${colour}\n`);
    writeFileSync(join(work, 'colours', colour, 'start-mode'), 'active\n');
  }
}

/** What a page calls `$SECRETS`. Nobody logs in with those of the brokers, who ask for no login here. */
function writeSecrets(work: string, urls: Readonly<Record<string, string>>): void {
  const files: Record<string, string> = { 'kafka-username': 'solana_113', 'kafka-password': 'a-password' };
  for (const [role, url] of Object.entries(urls)) files[`${role}-database-url`] = url;
  for (const name of ['server.cer.pem', 'client.cer.pem', 'client.key.pem']) files[name] = 'a certificate';
  for (const [name, text] of Object.entries(files)) writeFileSync(join(work, name), text, { mode: 0o600 });
}
