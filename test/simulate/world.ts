import type { Source } from '../../src/ingest/source.js';
import { Connection, type ConnectionOptions } from '../../src/sink/connection.js';
import type { PostgresSink } from '../../src/sink/postgres-sink.js';
import type { Sink } from '../../src/sink/sink.js';
import { RandomSource } from '../fuzz/random-source.js';
import { ModelBroker } from './broker.js';
import { type CommitListener, ModelDatabase } from './database.js';
import { EnginePlace } from './engine.js';
import { Ledger } from './ledger.js';
import type { Plan, PlannedMessage } from './plan.js';
import type { ModelPool, PoolOptions } from './pool.js';
import { ModelServer, type Network } from './server.js';
import type { ModelSource } from './source.js';
import { VirtualTime } from './virtual-time.js';

/** Where a mutation takes hold: what stands around an engine can be wrapped or replaced by a subclass. */
export interface Seams {
  readonly source?: (source: ModelSource) => Source;
  readonly sink?: (sink: PostgresSink, world: World, owner: string) => Sink;
  readonly pool?: new (options: PoolOptions) => ModelPool;
  readonly database?: new (onCommit: CommitListener) => ModelDatabase;
  /** Replaces methods of the real classes; answers what puts them back. */
  readonly patch?: () => () => void;
}

/** Engines by the path of the URL they connect to. */
const networks = new Map<string, { network: Network; server: ModelServer }>();

/** Puts the model in the place of the one door to PostgreSQL; answers what opens it again. */
export function replaceConnections(): () => void {
  const door = Connection as unknown as {
    open: (options: ConnectionOptions, signal?: AbortSignal) => Promise<unknown>;
  };
  const { open } = door;
  door.open = (options, signal) => {
    const found = networks.get(options.url);
    if (found === undefined) throw new Error(`nobody simulated connects to ${options.url}`);
    return found.server.open(found.network, options, signal);
  };
  return () => {
    door.open = open;
  };
}

/** Everything that a simulation consists of. */
export class World {
  readonly plan: Plan;
  readonly seams: Seams;
  readonly time = new VirtualTime();
  readonly broker: ModelBroker;
  readonly server: ModelServer;
  readonly ledger: Ledger;
  readonly places: EnginePlace[];
  readonly violations: string[] = [];
  readonly counts = new Map<string, number>();
  readonly count = (what: string): void => {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  };
  readonly lines: string[] | null;
  readonly random: RandomSource;
  readonly #urls: string[] = [];
  readonly #byId = new Map<number, PlannedMessage>();
  slowUntilMs = 0;
  rewinds = 0;
  /** Keys (slot, tx index) that a mutation has seen on their way. */
  readonly tried: number[] = [];

  constructor(plan: Plan, seams: Seams, tracing: boolean) {
    this.plan = plan;
    this.seams = seams;
    this.lines = tracing ? [] : null;
    this.random = new RandomSource(this.seedFor('world'));
    for (const message of plan.messages) this.#byId.set(message.id, message);
    this.broker = new ModelBroker(plan.partitions, this.time, () => this.random.next(), this.count);
    const database = new (seams.database ?? ModelDatabase)((visible, before) => {
      this.trace(() => {
        const moves = visible.moves.map(({ partition, from, to }) => `partition ${partition} from ${from} to ${to}`);
        return `database commits ${visible.rows.length} rows, ${visible.letters.length} letters; ${moves.join(', ') || 'no move'}`;
      });
      this.ledger.committed(visible, before);
    });
    this.server = new ModelServer(database, this.time, (share) => this.random.chance(share));
    this.ledger = new Ledger(plan, this.broker, database, (sentence) => this.violation(sentence));
    this.places = Array.from({ length: plan.engines }, (_, i) => new EnginePlace(i, this));
  }

  get slow(): boolean {
    return this.time.nowMs < this.slowUntilMs;
  }

  /** A stream of chances for each actor: leaving one thing out of a plan must not change all others. */
  seedFor(actor: string): number {
    let hash = this.plan.seed | 0;
    for (let i = 0; i < actor.length; i++) hash = Math.imul(hash ^ actor.charCodeAt(i), 0x0100_0193) + 0x9e37;
    return hash;
  }

  openSink(network: Network, create: () => PostgresSink): PostgresSink {
    const url = `postgres://model/${network.owner}`;
    networks.set(url, { network, server: this.server });
    this.#urls.push(url);
    return create();
  }

  close(): void {
    for (const { process } of this.places) process?.kill();
    for (const url of this.#urls) networks.delete(url);
  }

  trace(text: () => string): void {
    this.lines?.push(`${this.time.nowMs.toFixed(0).padStart(6)} ms  ${text()}`);
  }

  violation(sentence: string): void {
    this.violations.push(sentence);
    this.trace(() => `VIOLATION: ${sentence}`);
  }

  /** What nobody caught would have ended the process. */
  escaped(error: unknown): void {
    this.violation(`an engine threw: ${error instanceof Error ? error.message : String(error)}`);
  }

  /** The message that lies at an offset; the bytes a worker got must be its bytes. */
  messageGiven(partition: number, offset: number, id: number | null): PlannedMessage {
    const message = id === null ? this.#nullAt(partition, offset) : this.#byId.get(id);
    if (message === undefined) throw new Error(`a worker got bytes of no message at offset ${offset}`);
    const there = this.broker.messageAt(partition, offset);
    if (there !== undefined && there !== message)
      this.violation(`offset ${offset} was given the bytes of message ${message.id}`);
    return message;
  }

  #nullAt(partition: number, offset: number): PlannedMessage | undefined {
    return this.broker.messageAt(partition, offset);
  }
}
