/** `npm run chaos -- --kills N --seed S [--engines 1..4] [--kafka] [--json]`: see README.md beside the source. Exits with 1 unless clean. */
import { runChaos } from './chaos-run.js';
import { parseChaosOptions } from './options.js';
import { reportLines } from './report.js';

// Engines, servers and their folders go with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

try {
  const options = parseChaosOptions(process.argv.slice(2));
  const report = await runChaos(options, (line) => console.error(line));
  console.log(options.json ? JSON.stringify(report) : reportLines(report).join('\n'));
  process.exitCode = report.clean ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
