import { type Fault, HEAL_MS, type Plan } from './plan.js';
import { createSandbox, settled, told } from './virtual-time.js';
import { replaceConnections, type Seams, World } from './world.js';

export interface Verdict {
  /** What was broken first; null where all is well. */
  readonly violation: string | null;
  /** How often what happened, by name. */
  readonly counts: ReadonlyMap<string, number>;
  /** Every step, where it was asked for. */
  readonly lines: readonly string[];
  readonly steps: number;
}

/** A simulated time by which everything must have landed, and steps that no plan needs. */
const DEADLINE_MS = 120_000;
const STEPS_MAX = 60_000;
/** What nobody caught is looked for every so many steps. */
const LOOK_STEPS = 64;
const RESULT_BYTES = 1_024;
const MESSAGE_BYTES = 256;

/** Runs plans one after the other, with the process's timers and the door to PostgreSQL replaced meanwhile. */
export class Simulator {
  readonly #sandbox = createSandbox();
  readonly #restoreConnections = replaceConnections();

  async run(plan: Plan, seams: Seams = {}, tracing = false): Promise<Verdict> {
    const world = new World(plan, seams, tracing);
    this.#sandbox.enter(
      world.time,
      () => world.random.next(),
      (error) => world.escaped(error),
    );
    const restore = seams.patch?.();
    try {
      return await simulate(world);
    } finally {
      restore?.();
      this.#sandbox.leave();
    }
  }

  close(): void {
    this.#restoreConnections();
    this.#sandbox.close();
  }
}

async function simulate(world: World): Promise<Verdict> {
  const { plan, time } = world;
  for (const message of plan.messages) {
    time.after(message.atMs, () => {
      world.trace(() => `message ${message.id} is produced to partition ${message.partition} (${message.kind})`);
      world.broker.produce(message);
    });
  }
  for (const fault of plan.faults) time.after(fault.atMs, () => befall(world, fault));
  time.after(HEAL_MS - 1, () => heal(world));
  for (const [i, place] of world.places.entries()) time.after(3 * i, () => place.start());

  let steps = 0;
  while (world.violations.length === 0) {
    if (!step(world)) break;
    await settled();
    steps += 1;
    if (steps % LOOK_STEPS === 0) await told();
    checkBudgets(world);
    if (time.nowMs > HEAL_MS + 100 && isQuiet(world)) break;
    if (time.nowMs > DEADLINE_MS || steps > STEPS_MAX) break;
  }
  await told();
  if (world.violations.length === 0) {
    world.ledger.settled(world.server.database.positions());
    checkReleased(world);
  }
  const [violation = null] = world.violations;
  world.close();
  await told();
  return { violation, counts: world.counts, lines: world.lines ?? [], steps };
}

/** What a timer throws would have ended the process. */
function step(world: World): boolean {
  try {
    return world.time.step();
  } catch (error) {
    world.escaped(error);
    return true;
  }
}

/** Everything has landed and nothing is on its way. */
function isQuiet({ plan, broker, places, server }: World): boolean {
  const { offsets } = server.database;
  for (let partition = 0; partition < plan.partitions; partition++) {
    if (offsets.get(partition)?.next !== broker.high(partition)) return false;
  }
  return places.every(
    ({ process }) =>
      process === null ||
      (!process.stopping &&
        process.pipeline.partitions.every(({ settled }) => settled) &&
        process.pipeline.budget.used === 0),
  );
}

/** Never more than the limit; what one call brings in and what a result weighs beyond its messages come on top. */
function checkBudgets(world: World): void {
  const { knobs, messages } = world.plan;
  for (const { process } of world.places) {
    if (process === null) continue;
    const { used, limit } = process.pipeline.budget;
    if (process.pipeline.held) world.count('held');
    if (used <= limit) continue;
    const largest = messages.reduce((most, { bytes }) => Math.max(most, bytes), 0);
    const allowed = limit + largest + knobs.consumeMax * MESSAGE_BYTES + 2 * knobs.consumeMax * RESULT_BYTES;
    if (used > allowed) world.violation(`${process.owner} holds ${used} bytes, over the limit of ${limit}`);
  }
}

function checkReleased(world: World): void {
  for (const { process } of world.places) {
    const used = process?.pipeline.budget.used ?? 0;
    if (used !== 0) world.violation(`${process?.owner} still holds ${used} bytes when nothing is on its way`);
  }
}

function befall(world: World, fault: Fault): void {
  const { broker, time } = world;
  world.count(`fault ${fault.kind}`);
  world.trace(() => `fault: ${JSON.stringify(fault)}`);
  const place = 'engine' in fault ? world.places[fault.engine] : undefined;
  switch (fault.kind) {
    case 'kill':
      place?.kill(fault.downMs);
      break;
    case 'stop':
      place?.stop(fault.downMs);
      break;
    case 'freeze':
      place?.process?.freeze(fault.forMs);
      break;
    case 'worker-crash':
      place?.process?.pool.crash();
      break;
    case 'rebalance':
      broker.rebalance();
      break;
    case 'broker-down':
      broker.downUntilMs = Math.max(broker.downUntilMs, time.nowMs + fault.forMs);
      break;
    case 'retention':
      broker.expire(fault.partition, fault.share);
      break;
    case 'clock':
      time.wallMs += fault.byMs;
      break;
    default:
      befallDatabase(world, fault);
  }
}

type DatabaseFault = Extract<
  Fault,
  { kind: 'database-down' | 'database-slow' | 'lose-request' | 'lose-answer' | 'late-commit' | 'refuse' | 'rewind' }
>;

function befallDatabase(world: World, fault: DatabaseFault): void {
  const { server, time } = world;
  switch (fault.kind) {
    case 'database-down':
      server.restart(fault.forMs);
      break;
    case 'database-slow':
      world.slowUntilMs = Math.max(world.slowUntilMs, time.nowMs + fault.forMs);
      break;
    case 'refuse':
      server.refuse(fault.sqlState, fault.times);
      break;
    case 'rewind': {
      server.restart(20);
      const gone = server.database.rewind(fault.commits);
      world.rewinds += gone > 0 ? 1 : 0;
      server.database.clockMs += fault.clockMs;
      world.trace(() => `the database has gone back by ${gone} commits`);
      break;
    }
    default:
      server.expectCommit(fault);
  }
}

/** No fault goes on from here, and every engine lives. */
function heal(world: World): void {
  world.trace(() => 'the faults are over');
  world.server.heal();
  world.broker.downUntilMs = 0;
  world.slowUntilMs = 0;
  for (const place of world.places) {
    place.process?.thaw();
    place.start();
  }
}
