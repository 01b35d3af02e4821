import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { REQUIRED_BY } from '../config.js';
import { loadConfig } from '../config-load.js';
import { EngineError, invariant, messageOf } from '../errors.js';
import { redactText } from '../observe/redact.js';
import { engineReports } from './lag/engine-reports.js';
import { type GroupStatus, groupStatus, type Look } from './lag/group-status.js';
import { HeldTopic } from './lag/held-topic.js';
import { PositionReader } from './lag/positions.js';
import { statusText } from './lag/status-text.js';
import { checkLibraries, kafkaFeatures } from './libraries.js';
import { EXIT_FAILURE } from './run-command.js';

/** Everything was read, and somebody should look: a partition with lag that nobody reads, or offsets that expired unread. */
const EXIT_LOOK = 3;
const WATCH_SECONDS = 5;
const LOOKS_APART_SECONDS = 2;
const SECONDS_MAX = 3_600;
const CLEAR_SCREEN = '\u001b[H\u001b[2J';

/** Says where the group stands, from the database and the brokers alone; engines may be down. */
export async function status(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      watch: { type: 'boolean', default: false },
      seconds: { type: 'string' },
    },
  });
  if (positionals.length > (values.watch ? 1 : 0)) throw new EngineError('CONFIG_INVALID', 'status takes no arguments');
  const every = secondsOf('--watch', positionals[0], WATCH_SECONDS);
  const apart = secondsOf('--seconds', values.seconds, LOOKS_APART_SECONDS);
  const { config, warnings } = loadConfig(process.env, { requires: REQUIRED_BY.status });
  for (const warning of [...warnings, ...checkLibraries(config, await kafkaFeatures())])
    process.stderr.write(`${warning}\n`);
  invariant(
    config.kafkaGroupId !== undefined && config.databaseUrl !== undefined,
    'The loader asks for group and database.',
  );

  const about = { group: config.kafkaGroupId, topic: config.kafkaTopic };
  const reader = new PositionReader({ databaseUrl: config.databaseUrl, ...about });
  const topic = new HeldTopic(config);
  const look = async (): Promise<{ look: Look; missing: string[] }> => {
    const [stored, held] = await Promise.allSettled([reader.read(), topic.partitions()]);
    const missing = [stored, held]
      .filter((one) => one.status === 'rejected')
      .map(({ reason }) => redactText(messageOf(reason)));
    const answer = { atMs: Date.now(), stored: answerOf(stored), held: answerOf(held) };
    return { look: answer, missing };
  };
  const tell = async (before: Look | null): Promise<{ now: Look; found: GroupStatus }> => {
    const [{ look: now, missing }, engines] = await Promise.all([look(), engineReports(config.engineUrls ?? [])]);
    const found = groupStatus(about, before, now, engines, missing);
    const clear = values.watch && !values.json && process.stdout.isTTY ? CLEAR_SCREEN : '';
    process.stdout.write(`${clear}${values.json ? JSON.stringify(found) : statusText(found)}\n`);
    return { now, found };
  };
  try {
    if (values.watch) return await watch(tell, every * 1_000);
    const before = apart === 0 ? null : (await look()).look;
    if (before !== null) await delay(apart * 1_000);
    return exitCodeOf((await tell(before)).found);
  } finally {
    await Promise.all([reader.close(), topic.close()]);
  }
}

async function watch(
  tell: (before: Look | null) => Promise<{ now: Look; found: GroupStatus }>,
  everyMs: number,
): Promise<number> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  let before: Look | null = null;
  let code = 0;
  while (!stopping.signal.aborted) {
    const { now, found } = await tell(before);
    before = now;
    code = exitCodeOf(found);
    await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => {});
  }
  return code;
}

function exitCodeOf({ missing, unowned, expired }: GroupStatus): number {
  if (missing.length > 0) return EXIT_FAILURE;
  return unowned.length > 0 || expired.length > 0 ? EXIT_LOOK : 0;
}

function answerOf<T>(result: PromiseSettledResult<T>): T | null {
  return result.status === 'fulfilled' ? result.value : null;
}

function secondsOf(flag: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (value >= 0 && value <= SECONDS_MAX && (flag !== '--watch' || value > 0)) return value;
  throw new EngineError('CONFIG_INVALID', `${flag}: got "${text}"; wants seconds up to ${SECONDS_MAX}`);
}
