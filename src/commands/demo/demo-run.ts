import { setTimeout } from 'node:timers/promises';
import { EngineError } from '../../errors.js';
import { DEMO_SECONDS_MAX, type DemoOptions } from './demo-options.js';
import { EngineChild } from './engine-child.js';
import { GENERATOR_DEFAULTS } from './generator/options.js';
import { KillLoop } from './kill-loop.js';
import { Landing } from './landing.js';
import { endsOf, type Landed, type Ledger, settle } from './ledger.js';
import { type ProducedMessage, Producer } from './producer.js';
import { Progress, percentile } from './progress.js';
import { liveLine, type Outcome, tradeTable } from './report.js';
import type { Screen } from './screen.js';
import type { Surroundings } from './surroundings.js';

const TICK_MS = 100;
const LIVE_MS = 500;
const TABLE_MS = 5_000;
const TABLE_TRADES = 5;
const READY_TIMEOUT_MS = 90_000;
const LAND_TIMEOUT_MS = 180_000;
const ANSWER_EVERY = 20;
/** Of one partition, uncompressed: a third of what the mock broker keeps, compressed five times. */
const AHEAD_BYTES_MAX = 8_000_000;

/** One run: engine up, producer up, until `enough`; then everything lands and is held against what was sent. */
export class DemoRun {
  readonly #options: DemoOptions;
  readonly #around: Surroundings;
  readonly #screen: Screen;
  readonly #engine: EngineChild;
  readonly #produced: ProducedMessage[] = [];
  readonly #progress = new Progress();
  #producer: Producer | null = null;
  #landing: Landing | null = null;

  constructor(options: DemoOptions, around: Surroundings, screen: Screen) {
    this.#options = options;
    this.#around = around;
    this.#screen = screen;
    const { engineEnv, engineCwd, logFile } = around;
    this.#engine = new EngineChild({ env: engineEnv, cwd: engineCwd, logFile });
  }

  /** Aborts `enough` itself when its time is over. */
  async run(enough: AbortController): Promise<{ ledger: Ledger; outcome: Outcome }> {
    const failures = [this.#engine.failed, this.#around.failed];
    const { databaseUrl, groupId, topic } = this.#around;
    this.#landing = await Landing.connect(databaseUrl, groupId, topic, GENERATOR_DEFAULTS.startSlot);
    this.#engine.start();
    await Promise.race([this.#untilReady(this.#landing, enough.signal), ...failures]);
    const startedAt = Date.now();
    const producer = this.#startProducer(this.#landing.firstSlot);
    const kills = new KillLoop(this.#engine, {
      everySeconds: this.#options.killEverySeconds,
      restartDelayMs: this.#around.restartDelayMs,
      untilAtWork: this.#atWork(this.#landing),
    });
    const limit = globalThis.setTimeout(() => enough.abort(), (this.#options.seconds ?? DEMO_SECONDS_MAX) * 1_000);
    const body = async (): Promise<void> => {
      await this.#watch(startedAt, kills, enough.signal, producer, this.#landing as Landing);
      clearTimeout(limit);
      const seconds = (Date.now() - startedAt) / 1_000;
      this.#screen.settle();
      this.#screen.lines(this.#screen.dim('  Stops producing; what is under way lands …'));
      await kills.stop();
      await producer.finish();
      await this.#untilLanded(producer, this.#landing as Landing);
      const code = await this.#engine.stop();
      if (code !== 0) throw new EngineError('SHUTDOWN_DEADLINE', `The engine did not stop cleanly: exit code ${code}.`);
      this.#seconds = seconds;
    };
    await Promise.race([body(), producer.failed, ...failures]);
    return this.#settle(this.#landing, kills.kills);
  }

  #seconds = 0;

  async close(): Promise<void> {
    await Promise.all([this.#producer?.kill(), this.#engine.kill(), this.#landing?.close().catch(() => {})]);
  }

  #startProducer(startSlot: number): Producer {
    const { kafka, topic, partitions } = this.#around;
    const { rate, seed } = this.#options;
    const generator = { seed, partitions, startSlot };
    const plan = { kafka, topic, rate, answerEvery: ANSWER_EVERY, aheadBytesMax: AHEAD_BYTES_MAX, generator };
    this.#producer = new Producer(plan, (messages) => {
      for (const message of messages) this.#produced.push(message);
      this.#progress.produced(messages);
    });
    return this.#producer;
  }

  /** Waits until every partition was claimed again since the last call. */
  #atWork(landing: Landing): (signal: AbortSignal) => Promise<void> {
    let before = new Map<number, number>();
    return async (signal) => {
      for (;;) {
        const epochs = await landing.epochs();
        if ([...epochs].every(([partition, epoch]) => epoch > (before.get(partition) ?? 1))) before = epochs;
        if (before === epochs || signal.aborted) return;
        await setTimeout(TICK_MS);
      }
    };
  }

  async #untilReady(landing: Landing, enough: AbortSignal): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while ((await landing.positions()).size < this.#around.partitions) {
      if (enough.aborted) throw new Error('Stopped before anything was produced.');
      if (Date.now() > deadline) {
        const text = `The engine has not claimed its ${this.#around.partitions} partitions within ${READY_TIMEOUT_MS / 1_000} s.`;
        throw new EngineError('KAFKA_UNREACHABLE', text);
      }
      await setTimeout(TICK_MS);
    }
  }

  async #watch(
    startedAt: number,
    kills: KillLoop,
    enough: AbortSignal,
    producer: Producer,
    landing: Landing,
  ): Promise<void> {
    const last = { live: startedAt, table: startedAt };
    while (!enough.aborted) {
      await setTimeout(TICK_MS, undefined, { signal: enough }).catch(() => {});
      const now = Date.now();
      await this.#follow(producer, landing);
      if (now - last.table >= TABLE_MS) {
        last.table = now;
        this.#screen.lines(...tradeTable(await landing.newest(TABLE_TRADES), this.#screen));
      }
      if (now - last.live >= LIVE_MS) {
        last.live = now;
        const snapshot = this.#progress.snapshot(now);
        this.#screen.live(liveLine((now - startedAt) / 1_000, snapshot, kills.kills, this.#screen), now);
      }
    }
  }

  async #follow(producer: Producer, landing: Landing): Promise<ReadonlyMap<number, number>> {
    const positions = await landing.positions();
    producer.landed(positions);
    this.#progress.landed(positions, Date.now());
    return positions;
  }

  async #untilLanded(producer: Producer, landing: Landing): Promise<void> {
    const ends = endsOf(this.#produced);
    const deadline = Date.now() + LAND_TIMEOUT_MS;
    for (;;) {
      const positions = await this.#follow(producer, landing);
      // What has not landed by the deadline is for the ledger to tell.
      if ([...ends].every(([partition, end]) => (positions.get(partition) ?? 0) >= end) || Date.now() > deadline)
        return;
      await setTimeout(TICK_MS);
    }
  }

  async #settle(landing: Landing, kills: number): Promise<{ ledger: Ledger; outcome: Outcome }> {
    const landed = await landing.landed(this.#produced);
    const rows = latenciesMs(this.#produced, landed);
    // A given database may not keep commit times: then what was seen from here must do.
    const latencies = rows.length > 0 ? rows : this.#progress.latenciesMs();
    return {
      ledger: settle(this.#produced, landed),
      outcome: { seconds: this.#seconds, kills, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) },
    };
  }
}

/** From each row's Kafka timestamp to the moment it became visible, by the database's clock; rows without one are left out. */
function latenciesMs(produced: readonly ProducedMessage[], landed: Landed): number[] {
  const timestamps = new Map(
    produced.map((message) => [`${message.partition}/${message.offset}`, message.timestampMs]),
  );
  return landed.trades.flatMap(({ partition, offset, committedAtUs }) => {
    const timestampMs = timestamps.get(`${partition}/${offset}`);
    return timestampMs === undefined || committedAtUs === null ? [] : [committedAtUs / 1_000 - timestampMs];
  });
}
