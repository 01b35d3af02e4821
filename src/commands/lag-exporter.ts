import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Config, REQUIRED_BY } from '../config.js';
import { loadConfig, redacted } from '../config-load.js';
import { invariant } from '../errors.js';
import { createLogger } from '../observe/logger.js';
import { redactText } from '../observe/redact.js';
import { engineReports } from './lag/engine-reports.js';
import { type Page, serveExporter } from './lag/exporter-http.js';
import { HeldTopic } from './lag/held-topic.js';
import { LagHistory } from './lag/lag-history.js';
import { LagMetrics } from './lag/lag-metrics.js';
import { LagWatch } from './lag/lag-watch.js';
import { PositionReader } from './lag/positions.js';
import { checkLibraries, kafkaFeatures } from './libraries.js';
import { version } from './version.js';

const JSON_TYPE = 'application/json; charset=utf-8';
/** Every question has a time limit far below it. */
const LIVE_MS_MAX = 120_000;

/**
 * Exports the lag of the group until it is told to stop. It joins no group, changes nothing but its own history, and lives without the engines, the
 * brokers and the database alike: what it cannot know it does not export.
 */
export async function lagExporter(argv: string[]): Promise<number> {
  parseArgs({ args: argv, options: {} });
  const { config, warnings } = loadConfig(process.env, { requires: REQUIRED_BY['lag-exporter'] });
  invariant(
    config.kafkaGroupId !== undefined && config.databaseUrl !== undefined,
    'The loader lets no exporter start without group and database.',
  );
  const logger = createLogger({ level: config.logLevel });
  for (const warning of [...warnings, ...checkLibraries(config, await kafkaFeatures())])
    logger.warn('config_warning', warning);
  logger.info('starting', `starting ${version()}`, { config: redacted(config) });
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());

  const positions = new PositionReader({
    databaseUrl: config.databaseUrl,
    group: config.kafkaGroupId,
    topic: config.kafkaTopic,
  });
  const topic = new HeldTopic(config);
  const watch = new LagWatch(
    {
      positions: () => positions.read(),
      held: () => topic.partitions(),
      timestamps: (wanted) => topic.timestamps(wanted),
      engines: () => engineReports(config.engineUrls ?? []),
    },
    { group: config.kafkaGroupId, topic: config.kafkaTopic, intervalMs: config.lagExportIntervalMs },
    logger,
  );
  const history = new LagHistory((text, values) => positions.write(text, values));
  const http = await serveExporter(config.bindAddress, portsOf(config), pagesOf(watch, Date.now()));
  logger.info('lag_exporter_started', `exporting the lag of ${config.kafkaGroupId} on ${config.kafkaTopic}`, {
    'http.ports': http.ports,
  });
  while (!stopping.signal.aborted) {
    await watch.measure(Date.now);
    await history.keep(watch.measurement(Date.now()), Date.now());
    await delay(config.lagExportIntervalMs, undefined, { signal: stopping.signal }).catch(() => {});
  }
  await http.close();
  await Promise.all([positions.close(), topic.close()]);
  logger.info('lag_exporter_stopped', 'nothing is exported any more');
  return 0;
}

function portsOf({ prometheusPort, healthCheckPort }: Config) {
  return [
    { variable: 'PROMETHEUS_PORT', port: prometheusPort },
    { variable: 'HEALTH_CHECK_PORT', port: healthCheckPort },
  ];
}

function pagesOf(watch: LagWatch, startedAtMs: number): ReadonlyMap<string, () => Page | Promise<Page>> {
  const metrics = new LagMetrics();
  const json = (ok: boolean, reasons: readonly string[], more: object): Page => ({
    code: ok ? 200 : 503,
    type: JSON_TYPE,
    text: JSON.stringify({ status: ok ? 'healthy' : 'unhealthy', reasons, ...more }),
  });
  /** Why the numbers are not whole. */
  const missing = (): string[] =>
    Object.entries(watch.measurement(Date.now()).sources)
      .filter(([, { up }]) => !up)
      .map(([source, { error }]) => redactText(`${source}: ${error}`));
  const live = (): boolean => Date.now() - Math.max(watch.measuredAtMs, startedAtMs) < LIVE_MS_MAX;
  return new Map<string, () => Page | Promise<Page>>([
    [
      '/metrics',
      async () => ({ code: 200, type: metrics.contentType, text: await metrics.text(watch.measurement(Date.now())) }),
    ],
    ['/live', () => json(live(), live() ? [] : ['nothing has been asked for two minutes'], {})],
    ['/ready', () => json(missing().length === 0, missing(), {})],
    [
      '/health',
      () =>
        json(live() && missing().length === 0, missing(), {
          version: version(),
          measurement: watch.measurement(Date.now()),
        }),
    ],
  ]);
}
