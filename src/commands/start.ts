import { parseArgs } from 'node:util';
import { REQUIRED_BY } from '../config.js';
import { loadConfig, redacted } from '../config-load.js';
import { kafkaSource } from '../engine.js';
import { invariant } from '../errors.js';
import { httpTransport } from '../observe/http.js';
import { createMetrics } from '../observe/metrics.js';
import { checkLibraries, kafkaFeatures } from './libraries.js';
import { runEngine } from './run-engine.js';
import { watchedLog } from './terminal-log.js';
import { version } from './version.js';

/** Runs the engine on Kafka until it is told to stop. */
export async function start(argv: string[]): Promise<number> {
  parseArgs({ args: argv, options: {} });
  const { config, warnings } = loadConfig(process.env, { requires: REQUIRED_BY.start });
  invariant(config.kafkaGroupId !== undefined, 'The loader lets no engine start without a KAFKA_GROUP_ID.');
  const { logger, follow } = watchedLog(config.logLevel);
  for (const warning of [...warnings, ...checkLibraries(config, await kafkaFeatures())]) {
    logger.warn('config_warning', warning);
  }
  logger.info('starting', `starting ${version()}`, { config: redacted(config), http_transport: httpTransport });
  const metrics = createMetrics({ version: version(), httpTransport, colour: config.deploymentColour });
  const options = {
    config,
    source: kafkaSource(config, metrics, logger),
    groupId: config.kafkaGroupId,
    topic: config.kafkaTopic,
    logger,
    metrics,
    version: version(),
  };
  return runEngine(options, undefined, follow);
}
