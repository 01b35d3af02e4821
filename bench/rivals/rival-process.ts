/** A rival at work: one of the paths people use now, in a process of its own. */
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import { messageOf } from '../../src/errors.js';
import { drainWithKafkajs, MissingPackage } from './kafkajs-path.js';
import { drainWithRdkafka, rowsOfDecoded } from './rdkafka-path.js';
import type { FromRival, RivalPlan } from './rival-messages.js';
import { RivalTable } from './rival-table.js';
import { decodeAsTutorial, rivalRows } from './tutorial.js';

const WARMUP_SEED = 99;

async function run(plan: RivalPlan): Promise<FromRival> {
  warmUp(plan.warmupMessages);
  const table = await RivalTable.connect(plan.databaseUrl, plan.table);
  const drain = plan.path === 'kafkajs' ? drainWithKafkajs : drainWithRdkafka;
  const { seconds, cpuSeconds, messages } = await drain(plan, table);
  await table.close();
  return { kind: 'done', seconds, cpuSeconds, messages };
}

/** Decodes other messages of the same kind, so that the code is compiled when the clock starts. */
function warmUp(messages: number): void {
  for (const { value } of takeMessages(messages, { seed: WARMUP_SEED, poisonShare: 0 })) {
    rivalRows(decodeAsTutorial(value));
    rowsOfDecoded(value);
  }
}

function answer(message: FromRival): void {
  process.send?.(message, () => process.exit(0));
}

process.once('message', (plan: RivalPlan) => {
  run(plan).then(answer, (error: unknown) => {
    answer({ kind: error instanceof MissingPackage ? 'absent' : 'failed', text: messageOf(error) });
  });
});
