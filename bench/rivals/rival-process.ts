/** A rival at work: one of the paths people use now, in a process of its own. */
import { messageOf } from '../../src/errors.js';
import { drainWithKafkajs, MissingPackage } from './kafkajs-path.js';
import { drainWithRdkafka } from './rdkafka-path.js';
import type { FromRival, RivalPlan } from './rival-messages.js';
import { RivalTable } from './rival-table.js';

async function run(plan: RivalPlan): Promise<FromRival> {
  const table = await RivalTable.connect(plan.databaseUrl, plan.table);
  const drain = plan.path === 'kafkajs' ? drainWithKafkajs : drainWithRdkafka;
  const { seconds, cpuSeconds, messages } = await drain(plan, table);
  await table.close();
  return { kind: 'done', seconds, cpuSeconds, messages };
}

function answer(message: FromRival): void {
  process.send?.(message, () => process.exit(0));
}

process.once('message', (plan: RivalPlan) => {
  run(plan).then(answer, (error: unknown) => {
    answer({ kind: error instanceof MissingPackage ? 'absent' : 'failed', text: messageOf(error) });
  });
});
