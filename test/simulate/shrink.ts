import type { Knobs, Plan } from './plan.js';

/** Tries made at most; each costs as much as a simulation. */
const TRIES_MAX = 1_500;
/** The plainest values: what fails with them as well is easier to read. */
const PLAIN: Partial<Knobs> = {
  lanes: 1,
  threads: 1,
  slabAttempts: 1,
  gapPolicy: 'continue',
  workerRepeats: false,
  windowEntries: 64,
};

/**
 * A smaller plan that still fails, found by leaving out ever smaller stretches of faults and messages, engines, and odd
 * settings.
 */
export async function shrinkPlan(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let smallest = plan;
  let tries = 0;
  const accept = async (candidate: Plan): Promise<boolean> => {
    if (tries++ >= TRIES_MAX || !(await fails(candidate))) return false;
    smallest = candidate;
    return true;
  };
  for (let before: Plan | null = null; before !== smallest && tries < TRIES_MAX; ) {
    before = smallest;
    while (smallest.engines > 1 && (await accept({ ...smallest, engines: smallest.engines - 1 })));
    await dropFrom('faults');
    await dropFrom('messages');
    for (const name of Object.keys(PLAIN) as (keyof Knobs)[]) {
      if (smallest.knobs[name] === PLAIN[name]) continue;
      await accept({ ...smallest, knobs: { ...smallest.knobs, [name]: PLAIN[name] } });
    }
    await simplify();
  }
  return smallest;

  async function dropFrom(what: 'faults' | 'messages'): Promise<void> {
    for (let size = Math.max(1, smallest[what].length >> 1); size >= 1; size >>= 1) {
      for (let at = 0; at < smallest[what].length; ) {
        const rest = [...smallest[what]];
        rest.splice(at, size);
        if (!(await accept({ ...smallest, [what]: rest } as Plan))) at += size;
      }
    }
  }

  /** Messages that carry less. */
  async function simplify(): Promise<void> {
    for (let at = 0; at < smallest.messages.length; at++) {
      const message = smallest.messages[at]!;
      const plainer = [
        { ...message, skipped: message.kind === 'marker' ? 1 : 0 },
        { ...message, transactions: [] },
        { ...message, transactions: message.transactions.slice(0, 1) },
        { ...message, transactions: message.transactions.map((transaction) => ({ ...transaction, trades: 1 })) },
      ];
      for (const candidate of plainer) {
        if (JSON.stringify(candidate) === JSON.stringify(smallest.messages[at])) continue;
        await accept({ ...smallest, messages: smallest.messages.with(at, candidate) });
      }
    }
  }
}
