/**
 * Runs the engine for minutes and fails where anything it holds grows: `node dist/test/soak/run.js [--minutes M] [--seed S]
 * [--rate R] [--json] [--leak heap|external|listeners|handles|files]`. Exits with 1 where something grows, or where the
 * ledger is not clean.
 */
import { parseArgs } from 'node:util';
import { VERDICT_HEAD, verdictLine } from './series.js';
import { type SoakOutcome, soak } from './soak.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    rate: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    leak: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const rate = Number(values.rate);
if (!(minutes > 0 && rate > 0 && Number.isSafeInteger(seed)))
  throw new Error('--minutes, --seed and --rate are numbers above nought');

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const outcome = await soak({ minutes, seed, rate, say, ...(values.leak === undefined ? {} : { leak: values.leak }) });
if (values.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
else tell(outcome);
process.exit(outcome.passed ? 0 : 1);

function tell({ disturbances, series, ledger, exit, passed }: SoakOutcome): void {
  const { trades, deadLetters } = ledger;
  const happened = Object.entries(disturbances).map(([kind, count]) => `${count} × ${kind}`);
  console.log(
    [
      `${happened.join(', ')}; ${ledger.messages} messages, ${trades.landed} of ${trades.expected} trades landed, ${trades.missing} missing, ` +
        `${trades.duplicated} twice, ${deadLetters.landed} of ${deadLetters.planned} dead letters; exit code ${exit.code}`,
      ...ledger.problems,
      VERDICT_HEAD,
      ...series.map(verdictLine),
      passed ? `Nothing grows (seed ${seed}).` : `FAILED (seed ${seed}).`,
    ].join('\n'),
  );
}
