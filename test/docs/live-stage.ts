import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import type { EngineEnvironment } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { Stage } from '../scenario/stage.js';
import { DocFolder } from '../support/doc-commands.js';
import type { PageStage } from '../support/doc-page.js';
import { filesOf, MODEST, namesOf, variablesOf } from './stages.js';

const CONTROL = { CONTROL_TOKEN: 'a-long-random-word' };
const SECOND_PORTS = { 'HEALTH_CHECK_PORT=8081 PROMETHEUS_PORT=9091': 'HEALTH_CHECK_PORT=0 PROMETHEUS_PORT=0' };
const FIRST_SLOT = 440_000_000;
const SLOTS_APART = 1_000;
const MESSAGES = 200;

export interface LiveStage extends PageStage {
  readonly stage: Stage;
}

/** Messages on the broker of which nothing has landed, and no engine. */
export async function freshStage(): Promise<LiveStage> {
  const stage = await Stage.open();
  await send(stage, 0);
  return live(stage);
}

/** An engine landed some and is gone; more have come since. */
export async function outageStage(): Promise<LiveStage> {
  const stage = await Stage.open();
  await send(stage, 0);
  const engine = stage.engine();
  await stage.settled();
  await engine.stop();
  await send(stage, 1);
  return live(stage);
}

/** An engine that has landed what there is. */
export async function runningStage(): Promise<LiveStage> {
  const stage = await Stage.open();
  await send(stage, 0);
  const port = await join(stage, 1);
  await stage.settled();
  return live(stage, port);
}

/** One more engine, once so many own partitions; answers its port. */
export async function join(stage: Stage, owners: number): Promise<number> {
  const engine = stage.engine(CONTROL);
  await engine.says(/the engine is ready/);
  await until(`${owners} own partitions`, async () => new Set(await stage.owners()).size === owners, {
    explain: () => engine.output,
  });
  return engine.healthPort();
}

async function send(stage: Stage, time: number): Promise<void> {
  const startSlot = FIRST_SLOT + time * SLOTS_APART;
  await stage.send(takeMessages(MESSAGES, { seed: startSlot, transactionsPerSlot: 10, startSlot }));
}

/** Every command of the page gets the stage's settings, whatever its `.env` says. */
function live(stage: Stage, port?: number): LiveStage {
  const { database } = stage;
  const environment: EngineEnvironment = {
    ...MODEST,
    ...stage.environment(),
    ...CONTROL,
    KAFKA_SECURITY_PROTOCOL: 'PLAINTEXT',
  };
  const at = port === undefined ? {} : { '127.0.0.1:8080': `127.0.0.1:${port}` };
  const folder = new DocFolder({
    environment: { ...variablesOf(database), ...environment },
    replace: { ...namesOf(database), ...SECOND_PORTS, ...at },
    files: filesOf(database),
  });
  const { reader, owner, monitor } = database.urls;
  return {
    stage,
    folder,
    databases: { '': reader, owner, monitor },
    close: async () => {
      folder.close();
      await stage.close();
    },
  };
}
