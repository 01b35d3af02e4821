import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EngineEnvironment, type EngineExit, EngineProcess } from '../kafka/engine-process.js';
import { Line } from './line.js';
import type { Watch } from './watch.js';

/** One run of one engine, from its start to its end. */
export interface Generation {
  readonly number: number;
  readonly process: EngineProcess;
  readonly seat: Seat;
  readonly startedAt: number;
  /** Set by whoever means to end it: from then on it is nobody else's to hit, and its end is no surprise. */
  doomed: boolean;
  silent: boolean;
}

/** A place for an engine, with its own way to the database and to the broker. */
export interface Seat {
  readonly database: Line;
  readonly kafka: Line;
  generation: Generation | null;
  /** When the next engine may start here, ms since the epoch. */
  freeAt: number;
}

export interface FleetOptions {
  readonly seats: number;
  readonly databasePort: number;
  readonly databaseUrl: string;
  readonly kafkaPort: number;
  readonly environment: EngineEnvironment;
  /** Where the logs go. */
  readonly folder: string;
}

export interface GenerationCounts {
  started: number;
  /** Landed something. */
  landed: number;
  /** Were hit before they had. */
  cutShort: number;
  /** Had a minute for it, unharmed themselves, and landed nothing in it. */
  silent: number;
}

/** An engine that ended without having been told to. */
export interface Surprise {
  readonly generation: number;
  readonly landed: boolean;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lastWords: string;
}

/** The engines: keeps as many running as it is told, each in a seat of its own, and keeps account of their ends. */
export class Fleet {
  readonly seats: readonly Seat[];
  readonly counts: GenerationCounts = { started: 0, landed: 0, cutShort: 0, silent: 0 };
  readonly surprises: Surprise[] = [];
  /** How many are to run. */
  target: number;
  readonly #options: FleetOptions;
  readonly #watch: Watch;

  private constructor(options: FleetOptions, seats: readonly Seat[], watch: Watch) {
    this.#options = options;
    this.seats = seats;
    this.#watch = watch;
    this.target = seats.length;
    process.once('exit', this.#killAll);
  }

  static async open(options: FleetOptions, watch: Watch): Promise<Fleet> {
    const seats = Array.from(
      { length: options.seats },
      async (): Promise<Seat> => ({
        database: await Line.to(options.databasePort),
        kafka: await Line.to(options.kafkaPort),
        generation: null,
        freeAt: 0,
      }),
    );
    return new Fleet(options, await Promise.all(seats), watch);
  }

  get running(): Generation[] {
    return this.seats.flatMap(({ generation }) => (generation === null ? [] : [generation]));
  }

  landed({ process }: Generation): boolean {
    return this.#watch.trace(process.pid).moves > 0;
  }

  /** Those that may be hit: not being ended already, and with something landed unless told otherwise. */
  victims(early: boolean): Generation[] {
    return this.running.filter((generation) => !generation.doomed && (early || this.landed(generation)));
  }

  /** Starts engines where too few run. */
  keepUp(nowMs: number): void {
    let missing = this.target - this.running.filter(({ doomed }) => !doomed).length;
    for (const seat of this.seats) {
      if (missing <= 0) return;
      if (seat.generation !== null || seat.freeAt > nowMs) continue;
      this.#start(seat, nowMs);
      missing -= 1;
    }
  }

  /** Counts engines that had so long to land something and did not. */
  noteSilent(nowMs: number, silentMs: number): void {
    for (const generation of this.running) {
      if (generation.silent || generation.doomed || nowMs - generation.startedAt < silentMs) continue;
      if (this.landed(generation)) continue;
      generation.silent = true;
      this.counts.silent += 1;
    }
  }

  /** So many are to run from here on: those beyond stop as a user stops them, and the rest start when their seat is free. */
  scale(target: number): void {
    this.target = target;
    for (const generation of this.running.filter(({ doomed }) => !doomed).slice(target)) {
      generation.doomed = true;
      void generation.process.stop();
    }
  }

  heal(): void {
    for (const { database, kafka } of this.seats) {
      database.heal();
      kafka.heal();
    }
  }

  async close(): Promise<void> {
    process.off('exit', this.#killAll);
    await Promise.all(this.running.map(({ process }) => process.kill()));
    await Promise.all(this.seats.flatMap(({ database, kafka }) => [database.close(), kafka.close()]));
  }

  /** One that is stopped would not even notice that we are gone. */
  readonly #killAll = (): void => {
    for (const generation of this.running) generation.process.signal('SIGKILL');
  };

  #start(seat: Seat, nowMs: number): void {
    const { environment, databaseUrl } = this.#options;
    const process = new EngineProcess({
      ...environment,
      KAFKA_BROKERS: `127.0.0.1:${seat.kafka.port}`,
      DATABASE_URL: seat.database.url(databaseUrl),
    });
    this.counts.started += 1;
    const generation = { number: this.counts.started, process, seat, startedAt: nowMs, doomed: false, silent: false };
    seat.generation = generation;
    this.#watch.forget(process.pid);
    void process.exited.then((exit) => this.#ended(generation, exit));
  }

  #ended(generation: Generation, { code, signal }: EngineExit): void {
    const { process, seat, number } = generation;
    writeFileSync(join(this.#options.folder, `engine-${number}.log`), process.output);
    const landed = this.landed(generation);
    if (landed) this.counts.landed += 1;
    else this.counts.cutShort += 1;
    if (!generation.doomed) {
      this.surprises.push({ generation: number, landed, code, signal, lastWords: lastWords(process.output) });
    }
    seat.generation = null;
  }
}

/** Code and text of the last line that is an error, else of the last line. */
function lastWords(output: string): string {
  const lines = output.trimEnd().split('\n');
  const line = lines.findLast((text) => /"log.level":"(fatal|error)"/.test(text)) ?? lines.at(-1) ?? '';
  try {
    const { 'event.code': code = '', message = '' } = JSON.parse(line) as Record<string, unknown>;
    return `${code}: ${message}`;
  } catch {
    return line.slice(0, 300);
  }
}
