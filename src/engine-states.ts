import { EngineError } from './errors.js';
import type { EngineState } from './observe/status.js';

export const CONTROL_COMMANDS = ['standby', 'activate', 'drain', 'resume'] as const;

export type ControlCommand = (typeof CONTROL_COMMANDS)[number];

/** What a change of state does. */
export interface StateActions {
  /** Joins the group. Answers at once; the group takes its time. */
  join(): void;
  /** Takes no more, lands what is in flight, tells Kafka, leaves the group, within a budget. Answers the partitions of which something did not land. */
  leave(): Promise<number>;
  /** Goes the whole way once without moving anything; rejects with what is in the way. */
  rehearse(signal: AbortSignal): Promise<void>;
  changed(from: EngineState, to: EngineState): void;
}

const ENDED: ReadonlySet<EngineState> = new Set(['stopped', 'failed']);

/**
 * Which state the engine is in, and what it takes to get into another.
 *
 * `starting` → `standby` (tested, in no group) → `active` (in the group) → `draining` → `drained` (has left the group) → `active`
 * or, tested anew, `standby`. A standby that is drained has nothing to land. From every state the end is `draining` → `stopped`,
 * or `failed`, and nothing comes after that.
 *
 * Commands run one after the other, so that each meets a state and not a change. One that asks for what is there does nothing.
 */
export class EngineStates {
  readonly #actions: StateActions;
  readonly #closing = new AbortController();
  #state: EngineState = 'starting';
  #unsettled = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #started: () => void = () => {};

  constructor(actions: StateActions) {
    this.#actions = actions;
    // No command meets an engine that is still on its way up.
    this.#turn = new Promise<void>((resolve) => {
      this.#started = resolve;
    });
  }

  get state(): EngineState {
    return this.#state;
  }

  /** Partitions of which something had not landed when the engine was drained last; whoever takes them reads it again. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /** The engine is up: in the group already, or to be tested first. Rejects where the test fails. */
  async started(mode: 'active' | 'standby'): Promise<void> {
    if (mode === 'standby') await this.#actions.rehearse(this.#closing.signal);
    if (this.#state === 'starting') this.#to(mode);
    this.#started();
  }

  /** Does what is asked when its turn comes. Rejects where it cannot be done; the state says then where that left the engine. */
  ask(command: ControlCommand): Promise<void> {
    const done = this.#turn.then(() => this.#apply(command));
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Whether the state is the one that a command asks for. */
  fulfils(command: ControlCommand): boolean {
    return this.#state === GOALS[command];
  }

  /** The end has begun: what is under way is given up, and commands are refused from now on. */
  closing(): void {
    this.#closing.abort();
    if (this.#state !== 'failed') this.#to('draining');
    this.#started();
  }

  stopped(): void {
    if (this.#state !== 'failed') this.#to('stopped');
  }

  failed(): void {
    this.#to('failed');
    this.#closing.abort();
    this.#started();
  }

  async #apply(command: ControlCommand): Promise<void> {
    this.#assertOpen();
    if (this.fulfils(command)) return;
    if (command === 'drain') return this.#drain();
    if (command === 'standby') return this.#standby();
    this.#actions.join();
    this.#to('active');
  }

  async #drain(): Promise<void> {
    const active = this.#state === 'active';
    this.#to('draining');
    if (active) this.#unsettled = await this.#actions.leave();
    this.#assertOpen();
    this.#to('drained');
  }

  async #standby(): Promise<void> {
    if (this.#state === 'active') await this.#drain();
    await this.#actions.rehearse(this.#closing.signal);
    this.#assertOpen();
    this.#to('standby');
  }

  #assertOpen(): void {
    if (!this.#closing.signal.aborted) return;
    throw new EngineError('SHUTDOWN_DEADLINE', 'the engine is ending and takes no more commands');
  }

  #to(state: EngineState): void {
    const from = this.#state;
    if (from === state || ENDED.has(from)) return;
    this.#state = state;
    this.#actions.changed(from, state);
  }
}

const GOALS = { standby: 'standby', activate: 'active', drain: 'drained', resume: 'active' } as const satisfies Record<
  ControlCommand,
  EngineState
>;
