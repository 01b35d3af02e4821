import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { REQUIRED_BY } from '../config.js';
import { loadConfig } from '../config-load.js';
import type { Engine } from '../engine.js';
import { EngineError, invariant } from '../errors.js';
import { CaptureSource } from '../ingest/capture-source.js';
import { httpTransport } from '../observe/http.js';
import { createMetrics } from '../observe/metrics.js';
import { runEngine } from './run-engine.js';
import { watchedLog } from './terminal-log.js';
import { version } from './version.js';

const SETTLE_POLL_MS = 20;

/** Lands a capture file in PostgreSQL and exits. The offsets are kept per group, so a replay goes on where it was. */
export async function replay(argv: string[]): Promise<number> {
  const { positionals } = parseArgs({ args: argv, allowPositionals: true, options: {} });
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) {
    throw new EngineError('CONFIG_INVALID', 'replay wants one capture file: replay <file>');
  }
  const { config, warnings } = loadConfig(process.env, { requires: REQUIRED_BY.replay });
  invariant(config.kafkaGroupId !== undefined, 'The loader lets no replay begin without a KAFKA_GROUP_ID.');
  const { logger, follow } = watchedLog(config.logLevel);
  for (const warning of warnings) logger.warn('config_warning', warning);
  const source = await CaptureSource.open(path);
  const metrics = createMetrics({ version: version(), httpTransport, colour: config.deploymentColour });
  return runEngine(
    { config, source, groupId: config.kafkaGroupId, topic: source.topic, logger, metrics, version: version() },
    async (engine) => {
      await source.finished;
      await landed(source, engine);
    },
    follow,
  );
}

/** Resolves when every partition has landed up to its end. */
async function landed(source: CaptureSource, engine: Engine): Promise<void> {
  for (;;) {
    const positions = new Map(engine.status().partitions.map(({ partition, nextOffset }) => [partition, nextOffset]));
    if (source.partitions.every(({ partition, high }) => (positions.get(partition) ?? -1) >= high)) return;
    await delay(SETTLE_POLL_MS);
  }
}
