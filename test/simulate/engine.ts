import { Pipeline } from '../../src/engine-pipeline.js';
import { EngineError } from '../../src/errors.js';
import type { Source } from '../../src/ingest/source.js';
import { PostgresSink } from '../../src/sink/postgres-sink.js';
import type { Sink } from '../../src/sink/sink.js';
import { RandomSource } from '../fuzz/random-source.js';
import { SESSION_MS } from './plan.js';
import { ModelPool } from './pool.js';
import type { Network } from './server.js';
import { ModelSource } from './source.js';
import type { Timer } from './virtual-time.js';
import type { World } from './world.js';

const silent = { info: () => {}, warn: () => {}, error: () => {} };
const nothing = () => {};
const RESTART_MS = 200;

/** One place for an engine, and the processes that live in it one after the other. */
export class EnginePlace {
  readonly #index: number;
  readonly #world: World;
  #incarnation = 0;
  #gapPolicy: 'halt' | 'continue';
  process: EngineProcess | null = null;

  constructor(index: number, world: World) {
    this.#index = index;
    this.#world = world;
    this.#gapPolicy = world.plan.knobs.gapPolicy;
  }

  start(): void {
    if (this.process !== null) return;
    this.#incarnation += 1;
    const name = `e${this.#index}.${this.#incarnation}`;
    this.process = new EngineProcess(name, this.#world, this.#gapPolicy, (error) => this.#failed(error));
    this.process.start();
  }

  /** SIGKILL. */
  kill(downMs: number): void {
    if (this.process === null) return;
    this.process.kill();
    this.process = null;
    this.#world.time.after(downMs, () => this.start());
  }

  /** SIGTERM. */
  stop(downMs: number): void {
    const { process } = this;
    if (process === null || process.stopping) return;
    void process.stop().then(() => {
      if (this.process === process) this.process = null;
      this.#world.time.after(downMs, () => this.start());
    });
  }

  #failed(error: Error): void {
    const code = error instanceof EngineError ? error.code : 'UNEXPECTED';
    this.#world.count(`failed ${code}`);
    if (code === 'KAFKA_OFFSET_OUT_OF_RANGE' && this.#gapPolicy === 'halt') {
      // Somebody looked at ingest_gaps and decided.
      this.#gapPolicy = 'continue';
    } else {
      this.#world.violation(`an engine failed: ${code}: ${error.message}`);
    }
    this.stop(RESTART_MS);
  }
}

/** A process: the real pipeline and the real sink, between a model source, model workers and a model database. */
export class EngineProcess implements Network {
  readonly owner: string;
  readonly pipeline: Pipeline;
  readonly pool: ModelPool;
  readonly source: ModelSource;
  readonly #sink: PostgresSink;
  readonly #world: World;
  readonly #random: RandomSource;
  #frozenUntilMs = 0;
  /** What reached it while it was frozen, in order. */
  #frozen: (() => void)[] = [];
  #expelled = false;
  dead = false;
  stopping = false;

  constructor(owner: string, world: World, gapPolicy: 'halt' | 'continue', failed: (error: Error) => void) {
    this.owner = owner;
    this.#world = world;
    this.#random = new RandomSource(world.seedFor(owner));
    const { knobs } = world.plan;
    const { seams } = world;
    this.source = new ModelSource(world.broker, this, {
      consumeMax: knobs.consumeMax,
      drainMs: knobs.drainMs,
      failed: (error) => world.escaped(error),
    });
    this.#sink = world.openSink(this, () => new PostgresSink(sinkOptions(owner, world)));
    this.pool = new (seams.pool ?? ModelPool)({
      threads: knobs.threads,
      repeats: knobs.workerRepeats,
      network: this,
      workMs: () => 1 + this.#random.below(this.#random.chance(0.1) ? 60 : 10),
      messageAt: (partition, offset, id) => world.messageGiven(partition, offset, id),
      workerDied: (message) => world.ledger.workerDied(message),
    });
    const source: Source = seams.source?.(this.source) ?? this.source;
    const sink: Sink = seams.sink?.(this.#sink, world, owner) ?? this.#sink;
    this.pipeline = new Pipeline({
      ...knobs,
      source,
      sink,
      decoder: this.pool,
      observer: this.#observer((error) => {
        if (!this.dead) failed(error);
      }),
      budgetBytes: knobs.budgetBytes,
      duplicateWindowEntries: knobs.windowEntries,
      duplicateWindowMs: knobs.windowMs,
      groupId: 'group',
      gapPolicy,
      commitIntervalMs: 200,
    });
    this.#gate = source;
  }

  readonly #gate: Source;

  start(): void {
    this.trace(() => 'starts');
    void this.#gate.start(this.pipeline);
  }

  latency(): number {
    const ms = 1 + this.#random.below(this.#random.chance(0.1) ? 30 : 4);
    return this.#world.slow ? ms * 40 : ms;
  }

  io(ms: number, run: () => void): Timer {
    return this.#world.time.after(ms, () => {
      if (this.dead) return;
      if (this.#world.time.nowMs < this.#frozenUntilMs) this.#frozen.push(run);
      else run();
    });
  }

  count(what: string): void {
    this.#world.count(what);
  }

  trace(text: () => string): void {
    this.#world.trace(() => `${this.owner} ${text()}`);
  }

  /** Nothing reaches it for so long; the group waits for it no longer than its session. */
  freeze(forMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, this.#world.time.nowMs + forMs);
    this.#world.time.after(forMs, () => this.#release());
    if (forMs <= SESSION_MS || this.#expelled || !this.#world.broker.members.has(this.source)) return;
    this.#expelled = true;
    this.#world.time.after(SESSION_MS, () => {
      if (!this.dead) this.#world.broker.leave(this.source);
    });
    const asLost = this.#random.chance(0.5);
    this.#world.time.after(SESSION_MS + 1, () =>
      this.io(0, () => {
        this.#expelled = false;
        this.source.expelled(asLost);
      }),
    );
  }

  thaw(): void {
    this.#frozenUntilMs = 0;
    this.#release();
  }

  #release(): void {
    if (this.#world.time.nowMs < this.#frozenUntilMs) return;
    for (const run of this.#frozen.splice(0)) this.io(0, run);
  }

  kill(): void {
    this.trace(() => 'is killed');
    this.dead = true;
    this.pipeline.close();
    this.#world.time.after(SESSION_MS, () => this.#world.broker.leave(this.source));
  }

  async stop(): Promise<void> {
    this.trace(() => 'stops');
    this.stopping = true;
    await this.#gate.stop();
    if (this.dead) return;
    this.pipeline.close();
    this.dead = true;
    await this.#sink.close();
    this.trace(() => 'has stopped');
  }

  /** Under its own claim a position goes back only where the database did. */
  #rewound(): void {
    this.#world.count('rewound');
    if (this.#world.rewinds === 0)
      this.#world.violation(`${this.owner} takes the database for rewound, and it never was`);
  }

  #observer(failed: (error: Error) => void): ConstructorParameters<typeof Pipeline>[0]['observer'] {
    const { count } = this.#world;
    return {
      received: nothing,
      decoded: ({ tenure, task }) => {
        const owned = this.pipeline.partitions.find(({ partition }) => partition === task.partition);
        if (owned?.intake.tenure !== tenure) count('result of an earlier tenure');
      },
      deduplicated: () => count('repeat dropped'),
      landed: (part) => {
        if (part.tradeRows === 0 && part.failures.length === 0) count('stretch without rows landed');
      },
      workerFailed: (_error, _partition, verdict) => count(`worker failed: ${verdict}`),
      gap: () => count('gap'),
      warn: (_fields, text) => {
        if (text.includes('claimed by another')) count('fenced');
        if (text.includes('rewound')) this.#rewound();
        this.trace(() => `warns: ${text}`);
      },
      failed: (error) => {
        this.trace(() => `fails: ${error.message}`);
        failed(error);
      },
    };
  }
}

function sinkOptions(owner: string, { plan, count }: World): ConstructorParameters<typeof PostgresSink>[0] {
  return {
    config: {
      databaseUrl: `postgres://model/${owner}`,
      databaseLanes: plan.knobs.lanes,
      databaseFlushTimeoutMs: 400,
      databaseStaleBackendMs: 150,
      databasePartitionsAhead: 1,
      databaseRetentionSlots: 0,
      databaseTradeIndexes: [],
      breakerFailureThreshold: 5,
      breakerSuccessThreshold: 2,
      breakerOpenMs: 300,
      breakerHalfOpenCalls: 3,
      deadLettersPercentMax: 100,
      deadLettersWindow: 10_000,
      deadLettersInARow: 10_000,
    },
    groupId: 'group',
    ownerId: owner,
    logger: silent,
    observer: {
      onRetry: () => count('retried'),
      onDuplicateRows: () => count('repeat met the primary key'),
      onBreakerState: (state) => count(`breaker ${state}`),
      onStaleBackendsEnded: () => count('stale backend ended'),
    },
  };
}
