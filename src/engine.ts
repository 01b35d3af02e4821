import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from './config.js';
import { parseStartFrom } from './config-kafka.js';
import { watchCertificates } from './engine-certificates.js';
import { EngineControl } from './engine-control.js';
import { controlRoutes } from './engine-control-routes.js';
import { type ControlSocket, openControlSocket } from './engine-control-socket.js';
import { flowOf, monitorLimits, partitionStatus } from './engine-flow.js';
import {
  observeFanOut,
  observeKafka,
  observePipeline,
  observeSink,
  sinkLogger,
  withFanOut,
} from './engine-observers.js';
import { Pipeline } from './engine-pipeline.js';
import { rehearse } from './engine-rehearsal.js';
import { EngineStates } from './engine-states.js';
import { EngineError, invariant, messageOf } from './errors.js';
import type { CertificateWatch } from './ingest/certificate-watch.js';
import { explainKafkaError, explainKafkaFailure } from './ingest/kafka-errors.js';
import { KAFKA_TOPIC_SETTINGS, kafkaSettings, rejoinMs } from './ingest/kafka-settings.js';
import { KafkaSource } from './ingest/kafka-source.js';
import type { Source } from './ingest/source.js';
import { Dashboard } from './observe/dashboard/dashboard.js';
import { type HttpServers, httpTransport, startHttp } from './observe/http.js';
import type { Logger } from './observe/logger.js';
import type { Metrics } from './observe/metrics.js';
import { Monitor } from './observe/monitor.js';
import type { EngineStatus } from './observe/status.js';
import { RedisFanOut } from './sink/fan-out/redis-fan-out.js';
import { migrate } from './sink/migrate.js';
import { PostgresSink } from './sink/postgres-sink.js';
import { DecodePool } from './workers/decode-pool.js';

/** A source that can say how it is. */
export interface LiveSource extends Source {
  readonly connected: boolean;
  readonly steady: boolean;
  readonly lastPollAt: number;
  /** Of a source with a group: joins it again, and leaves it, within the drain's budget. */
  join?(): void;
  leave?(): Promise<void>;
}

export interface EngineOptions {
  readonly config: Config;
  readonly source: LiveSource;
  /** Group of the offsets rows. */
  readonly groupId: string;
  readonly topic: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly version: string;
}

/** A database that is not there when the engine starts is waited for this long. */
const DATABASE_WAIT_MS = 60_000;
const DATABASE_RETRY_MS = 1_000;
const DRAIN_MAX_MS = 20_000;
/** A test on the way to standby ends after this long. */
const REHEARSAL_MS = 40_000;

/** Kafka as the engine's source, by configuration. */
export function kafkaSource(config: Config, metrics: Metrics, logger: Logger): KafkaSource {
  const strategy = config.kafkaAssignmentStrategy;
  return new KafkaSource({
    topic: config.kafkaTopic,
    settings: { global: kafkaSettings(config) as Record<string, unknown>, topic: { ...KAFKA_TOPIC_SETTINGS } },
    incremental: strategy === 'cooperative-sticky' || strategy === 'consumer',
    startFrom: parseStartFrom(config.kafkaStartFrom) ?? 'latest',
    standby: config.startMode === 'standby',
    acceptOther: config.kafkaSourcePolicy === 'continue',
    drainMs: Math.min(config.kafkaSessionTimeoutMs / 2, DRAIN_MAX_MS),
    rejoinMs: rejoinMs(config),
    explain: (texts) => explainKafkaError(texts, config),
    explainFailure: (texts) => explainKafkaFailure(texts, config),
    observer: observeKafka(metrics, logger, config.kafkaTopic),
  });
}

/**
 * The whole engine: builds the parts, connects them, and takes them down in order. It runs until `stop` is called or
 * `failed` resolves.
 */
export class Engine {
  /** Resolves with the error when the engine can go on no longer. */
  readonly failed: Promise<Error>;
  readonly #options: EngineOptions;
  readonly #startedAt = Date.now();
  readonly #sink: PostgresSink;
  readonly #fanOut: RedisFanOut | null;
  readonly #dashboard: Dashboard;
  readonly #monitor: Monitor;
  #certificates: CertificateWatch | null = null;
  #resolveFailed: (error: Error) => void = () => {};
  #pool: DecodePool | null = null;
  #pipeline: Pipeline | null = null;
  #http: HttpServers | null = null;
  #socket: ControlSocket | null = null;
  readonly #states: EngineStates;
  readonly #control: EngineControl;
  #failure: Error | null = null;
  #starting: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();

  constructor(options: EngineOptions) {
    this.#options = options;
    this.failed = new Promise((resolve) => {
      this.#resolveFailed = resolve;
    });
    const { config, groupId, metrics, logger, version } = options;
    const ownerId = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
    // What a capture holds is no news to those who follow a stream live.
    const publishes = config.redisUrl !== undefined && options.source.join !== undefined;
    this.#fanOut = publishes
      ? new RedisFanOut({ config, logger: sinkLogger(logger), observer: observeFanOut(metrics) })
      : null;
    this.#sink = new PostgresSink({
      config,
      groupId,
      ownerId,
      tellPlaces: publishes,
      logger: sinkLogger(logger),
      observer: {
        ...observeSink(metrics),
        onBreakerState: (state) => this.#pipeline?.gate.set('breaker', state === 'open'),
      },
    });
    this.#states = new EngineStates({
      join: () => options.source.join?.(),
      leave: () => this.#leave(),
      rehearse: (signal) => this.#rehearse(signal),
      changed: (from, to) => logger.info('state_changed', `${from} → ${to}`, { from, to }),
    });
    this.#control = new EngineControl(this.#states, () => this.status());
    this.#monitor = new Monitor({
      metrics,
      logger,
      topic: options.topic,
      status: () => this.status(),
      flow: () => flowOf(this.#pipeline?.partitions ?? [], performance.now()),
      limits: monitorLimits(config),
    });
    this.#dashboard = new Dashboard({
      identity: { version, httpTransport, colour: config.deploymentColour ?? null, ownerId },
      status: () => this.status(),
      metrics,
      databaseUrl: config.databaseUrl ?? '',
      token: config.dashboardToken,
      onError: (error) => logger.limited('warn', 'dashboard', 'dashboard_error', messageOf(error), { error }),
    });
  }

  /** Ports in use, null before the start. */
  get ports(): HttpServers['ports'] | null {
    return this.#http?.ports ?? null;
  }

  /** What it failed of, null while it has not. */
  get failure(): Error | null {
    return this.#failure;
  }

  /**
   * Rejects with an EngineError that says what to do; whatever was started is to be stopped by `stop`. Where `stop` comes in
   * between it goes no further.
   */
  start(): Promise<void> {
    this.#starting = this.#begin();
    return this.#starting;
  }

  async #begin(): Promise<void> {
    const { config, source, metrics, logger, version } = this.#options;
    const answer = (path: string, wait?: string) => this.#control.answer(path, wait);
    const controlled = source.join !== undefined;
    const { controlSocket, controlToken } = config;
    this.#http = await startHttp({
      bindAddress: config.bindAddress,
      healthCheckPort: config.healthCheckPort,
      prometheusPort: config.prometheusPort,
      status: () => this.status(),
      stuck: () => this.#monitor.stuck,
      healthLimits: monitorLimits(config),
      metrics,
      version,
      colour: config.deploymentColour ?? null,
      ...(controlled && controlToken !== undefined ? { posts: controlRoutes(controlToken, answer) } : {}),
      routes: this.#dashboard.routes,
      onError: (error) => logger.limited('error', 'http', 'http_error', error.message, { error }),
    });
    if (controlled && controlSocket !== undefined) this.#socket = await openControlSocket(controlSocket, answer);
    if (controlled) this.#certificates = watchCertificates(config, metrics, logger);
    this.#monitor.start();
    this.#pool = await DecodePool.start({
      threads: config.workerThreads,
      taskTimeoutMs: config.workerTaskTimeoutMs,
      messageMaxBytes: config.kafkaMessageMaxBytes,
    });
    await this.#openDatabase();
    if (this.#states.state !== 'starting') return;
    this.#fanOut?.start();
    this.#pipeline = this.#createPipeline(this.#pool);
    await source.start(this.#pipeline);
    const mode = controlled ? config.startMode : 'active';
    await this.#states.started(mode);
    const doing = mode === 'standby' ? 'on standby for' : 'reading';
    logger.info('engine_started', `${doing} ${this.#options.topic} as ${this.#options.groupId}`, {
      'http.ports': this.#http.ports,
      workers: this.#pool.threads,
    });
  }

  /**
   * Stops fetching, lets what is in flight land, tells Kafka, leaves the group. Safe at any moment, also half started.
   * Answers the partitions of which something did not land in time; nothing of it is lost, the next engine reads it again.
   */
  async stop(): Promise<number> {
    this.#states.closing();
    this.#stopping.abort();
    // A start that went on beside us would join the group when we have left it, and claim with a sink that is closed.
    await this.#starting.catch(() => {});
    this.#pipeline?.leave();
    await this.#options.source.stop();
    const unsettled = this.#pipeline?.unsettled ?? 0;
    this.#pipeline?.close();
    await Promise.all([this.#fanOut?.close(), this.#sink.close()]);
    await this.#pool?.close();
    this.#states.stopped();
    this.#monitor.close();
    this.#certificates?.close();
    this.#dashboard.close();
    await this.#socket?.close();
    await this.#http?.close();
    return unsettled;
  }

  status(): EngineStatus {
    const { source, groupId, topic, config } = this.#options;
    const pool = this.#pool;
    return {
      state: this.#states.state,
      startedAt: this.#startedAt,
      groupId,
      topic,
      kafka: { connected: source.connected, groupSteady: source.steady },
      database: this.#sink.status,
      ...(this.#fanOut === null ? {} : { redis: this.#fanOut.status }),
      workers: {
        threads: pool?.threads ?? 0,
        busy: pool?.busy ?? 0,
        queued: pool?.queued ?? 0,
        restarts: pool?.restarts ?? 0,
      },
      busyRatio: this.#monitor.busyRatio,
      inflightBytes: this.#pipeline?.budget.used ?? 0,
      budgetBytes: config.memoryBudgetBytes,
      held: this.#pipeline?.held ?? false,
      saturated: this.#monitor.saturated,
      lastPollAt: source.lastPollAt,
      partitions: (this.#pipeline?.partitions ?? []).map((owned) =>
        partitionStatus(owned, this.#monitor.ages, Date.now()),
      ),
      failure: this.#failure?.message ?? null,
    };
  }

  #createPipeline(decoder: DecodePool): Pipeline {
    const { config, source, metrics, logger, topic } = this.#options;
    return new Pipeline({
      source,
      sink: this.#sink,
      decoder,
      observer: withFanOut(
        observePipeline(metrics, logger, topic, this.#monitor, (error) => this.#fail(error)),
        this.#fanOut,
      ),
      lanes: config.databaseLanes,
      batchMaxRows: config.batchMaxRows,
      batchMaxBytes: config.batchMaxBytes,
      batchLingerMs: config.batchLingerMs,
      budgetBytes: config.memoryBudgetBytes,
      slabMaxBytes: config.slabMaxBytes,
      slabLingerMs: config.slabLingerMs,
      slabAttempts: config.workerTaskAttempts,
      duplicateWindowEntries: config.duplicateWindowEntries,
      duplicateWindowMs: config.duplicateWindowMs,
      groupId: this.#options.groupId,
      gapPolicy: config.kafkaGapPolicy,
      sourcePolicy: config.kafkaSourcePolicy,
      commitIntervalMs: config.kafkaCommitIntervalMs,
    });
  }

  async #leave(): Promise<number> {
    this.#pipeline?.leave();
    await this.#options.source.leave?.();
    return this.#pipeline?.unsettled ?? 0;
  }

  async #rehearse(signal: AbortSignal): Promise<void> {
    const { config, logger } = this.#options;
    invariant(this.#pool !== null, 'The decode threads are up before anything is tested.');
    const either = AbortSignal.any([signal, AbortSignal.timeout(REHEARSAL_MS)]);
    const seen = await rehearse({ config, decoder: this.#pool, sink: this.#sink }, either);
    const text = `tested: ${seen.messages} messages of ${seen.partitions} partitions read, ${seen.failed} did not decode; ${seen.rows + seen.known} rows written and taken back`;
    logger.info('rehearsed', text, { ...seen });
  }

  async #openDatabase(): Promise<void> {
    const { config, logger } = this.#options;
    const deadline = Date.now() + DATABASE_WAIT_MS;
    while (this.#states.state === 'starting') {
      try {
        if (config.databaseMigrate) {
          const applied = await migrate(config.databaseUrl ?? '');
          if (applied.length > 0) logger.info('migrated', `applied ${applied.join(', ')}`);
        }
        await this.#sink.open(this.#stopping.signal);
        return;
      } catch (error) {
        if (this.#states.state !== 'starting') return;
        if (!(error instanceof EngineError) || !error.canRetry || Date.now() > deadline) throw error;
        logger.limited('warn', 'database', 'database_waiting', `waiting for the database: ${messageOf(error)}`);
        await delay(DATABASE_RETRY_MS, undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    }
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#states.failed();
    this.#resolveFailed(error);
  }
}
