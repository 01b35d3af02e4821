import { setTimeout as delay } from 'node:timers/promises';
import { CONTROL_COMMANDS, type ControlCommand, type EngineStates } from './engine-states.js';
import { EngineError, messageOf } from './errors.js';
import { redactText } from './observe/redact.js';
import type { EngineStatus } from './observe/status.js';

/** What `ctl` is told: an HTTP status, and the body it prints. */
export interface ControlAnswer {
  /** 200 done; 202 under way, and goes on; 409 cannot be done; 400 and 404 asked wrongly. */
  readonly code: 200 | 202 | 400 | 404 | 409;
  readonly body: {
    readonly command: string | null;
    readonly state: string;
    /** The engine is where the command wants it. */
    readonly reached: boolean;
    /** Partitions of which something had not landed when it was drained last. */
    readonly unsettled_partitions: number;
    readonly message: string;
  };
}

/** How long the asker waits, by default and at most. */
export const WAIT_SECONDS = 60;
export const WAIT_SECONDS_MAX = 3_600;
const STEADY_POLL_MS = 50;

/** Answers the control commands, whichever way they come, within the time the asker wants to wait. */
export class EngineControl {
  readonly #states: EngineStates;
  readonly #status: () => EngineStatus;

  constructor(states: EngineStates, status: () => EngineStatus) {
    this.#states = states;
    this.#status = status;
  }

  /** `path` is `/control/<command>`; `wait` seconds, by default a minute. */
  async answer(path: string, wait: string | undefined): Promise<ControlAnswer> {
    const command = CONTROL_COMMANDS.find((name) => path === `/control/${name}`);
    if (command === undefined) return this.#say(404, null, `ask for one of ${CONTROL_COMMANDS.join(', ')}`);
    const seconds = wait === undefined ? WAIT_SECONDS : Number(wait);
    if (!(seconds >= 0 && seconds <= WAIT_SECONDS_MAX)) {
      return this.#say(400, command, `wait is to be a number of seconds from 0 to ${WAIT_SECONDS_MAX}`);
    }
    return this.#carryOut(command, seconds * 1_000);
  }

  async #carryOut(command: ControlCommand, waitMs: number): Promise<ControlAnswer> {
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), waitMs);
    const waited = new Promise<'waited'>((resolve) => over.signal.addEventListener('abort', () => resolve('waited')));
    try {
      const end = await Promise.race([
        this.#states.ask(command).then(() => this.#steady(command, over.signal)),
        waited,
      ]);
      if (end === 'done') return this.#say(200, command, this.#sentence());
      return this.#say(202, command, `not done after ${waitMs / 1_000} s, and goes on: ${this.#sentence()}`);
    } catch (error) {
      const text = error instanceof EngineError ? `${error.code}: ${error.message}` : messageOf(error);
      return this.#say(409, command, redactText(text));
    } finally {
      over.abort();
      clearTimeout(timer);
    }
  }

  /** A member is one when the group has answered it. */
  async #steady(command: ControlCommand, over: AbortSignal): Promise<'done' | 'waited'> {
    while (this.#states.fulfils(command)) {
      if (this.#states.state !== 'active' || this.#status().kafka.groupSteady) return 'done';
      if (over.aborted) return 'waited';
      await delay(STEADY_POLL_MS);
    }
    throw new EngineError('SHUTDOWN_DEADLINE', `the engine is ${this.#states.state} meanwhile`);
  }

  #sentence(): string {
    const { state, kafka, partitions, database } = this.#status();
    const unsettled = this.#states.unsettled;
    switch (state) {
      case 'active':
        if (!kafka.groupSteady) return 'active, and the group has not shared out its partitions yet';
        return `active with ${partitions.length} partitions`;
      case 'drained': {
        if (unsettled === 0) return 'drained: everything in flight has landed, and the group was left';
        const why = database.reachable && database.breaker === 'closed' ? '' : ' (the database is away)';
        return `drained and out of the group, but something of ${unsettled} partitions did not land in time${why}: whoever takes them reads it again`;
      }
      case 'standby':
        return 'on standby: broker, decoder and database were tested';
      default:
        return `the engine is ${state}`;
    }
  }

  #say(code: ControlAnswer['code'], command: string | null, message: string): ControlAnswer {
    const { state, unsettled } = this.#states;
    return { code, body: { command, state, reached: code === 200, unsettled_partitions: unsettled, message } };
  }
}
