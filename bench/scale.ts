import type { BenchContext } from './context.js';
import { scaleBacklog } from './scale/backlog.js';
import { scalePartitions } from './scale/partitions.js';
import { scaleTable } from './scale/table-rows.js';

/** What a trade costs as the backlog, the table and the number of partitions grow. */
export async function scale(context: BenchContext): Promise<void> {
  await scaleBacklog(context);
  await scalePartitions(context);
  await scaleTable(context);
}
