import { messageOf } from '../errors.js';
import { redactText } from '../observe/redact.js';
import { type DemoOptions, readDemoOptions } from './demo/demo-options.js';
import { DemoRun } from './demo/demo-run.js';
import { ledgerJson, ledgerLines } from './demo/report.js';
import { Screen, wantsColour } from './demo/screen.js';
import { prepare, type Surroundings } from './demo/surroundings.js';

const EXIT_CLEAN = 0;
const EXIT_NOT_CLEAN = 1;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Shows the engine at work on a broker, a database and a stream of our own, and holds what landed against what was sent.
 * Answers 0 only where every trade landed exactly once and nothing is unexplained.
 */
export async function demo(argv: string[]): Promise<number> {
  const options = readDemoOptions(argv, process.stdout.isTTY === true);
  // With --json stdout is for the one object alone.
  const stream = options.json ? process.stderr : process.stdout;
  const screen = new Screen({ stream, colour: wantsColour(stream, process.env) });
  const enough = new AbortController();
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        if (enough.signal.aborted)
          reject(new Error(`Stopped at once by ${signal}: what was under way has not been settled.`));
        enough.abort();
      });
    }
  });
  interrupted.catch(() => {});
  let around: Surroundings | null = null;
  let run: DemoRun | null = null;
  let exitCode = EXIT_NOT_CLEAN;
  try {
    screen.lines('', screen.bold('  Solana DEX trades, from Kafka to PostgreSQL, exactly once'), '');
    around = await prepare(process.env, options.killEverySeconds !== null, stream.isTTY === true);
    run = new DemoRun(options, around, screen);
    screen.lines(...introduction(options, around).map((line) => screen.dim(`  ${line}`)), '');
    exitCode = await Promise.race([show(run, options, screen, enough), interrupted]);
  } catch (error) {
    screen.settle();
    process.stderr.write(`${redactText(messageOf(error))}\n`);
  } finally {
    await run?.close();
    await around?.close(exitCode !== EXIT_CLEAN);
  }
  if (exitCode !== EXIT_CLEAN && around !== null) process.stderr.write(`The engine's log: ${around.logFile}\n`);
  return exitCode;
}

function introduction(options: DemoOptions, { described }: Surroundings): string[] {
  const end = options.seconds === null ? 'until Ctrl-C' : `for ${options.seconds} s`;
  const kills = options.killEverySeconds === null ? '' : `; the engine is killed every ${options.killEverySeconds} s`;
  return [
    ...described,
    `A stream at ${options.rate === 1 ? 'the real pace' : `${options.rate} times the real pace`}, ${end}${kills}`,
    'The engine starts and joins its group: a few seconds …',
  ];
}

async function show(run: DemoRun, options: DemoOptions, screen: Screen, enough: AbortController): Promise<number> {
  const { ledger, outcome } = await run.run(enough);
  screen.lines(...ledgerLines(ledger, outcome, screen));
  if (options.json) process.stdout.write(`${ledgerJson(ledger, outcome)}\n`);
  return ledger.clean ? EXIT_CLEAN : EXIT_NOT_CLEAN;
}
