import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runMain } from '../support/command.js';
import { type SharedBroker, sharedBroker } from './shared-broker.js';
import { Stage } from './stage.js';

const socketPath = (): string => join(tmpdir(), `handover-${randomBytes(6).toString('hex')}.sock`);

describe('the right to consume, handed over inside one group under load,', () => {
  let broker: SharedBroker;

  before(async () => {
    broker = await sharedBroker();
  });
  after(() => broker.release());

  for (const strategy of ['cooperative-sticky', 'consumer']) {
    test(`goes from blue to green and back without a gap or a repeat under ${strategy}`, async (t) => {
      const stage = await Stage.open(`handover-${strategy}`, broker, { seed: 31 });
      await stage.query('ALTER TABLE offsets_audit ADD COLUMN at timestamptz NOT NULL DEFAULT clock_timestamp()');
      const doors = { blue: socketPath(), green: socketPath() };
      const engine = (colour: 'blue' | 'green', mode: string) =>
        stage.engine({
          KAFKA_ASSIGNMENT_STRATEGY: strategy,
          DEPLOYMENT_COLOUR: colour,
          CONTROL_SOCKET: doors[colour],
          START_MODE: mode,
          KAFKA_SESSION_TIMEOUT_MS: '45000', // a drain may take half of it
        });
      const ctl = async (colour: 'blue' | 'green', command: string): Promise<void> => {
        const { code, stdout, stderr } = await runMain(['ctl', command], { CONTROL_SOCKET: doors[colour] });
        assert.equal(code, 0, `${colour} ${command}: ${stdout}${stderr}\n${stage.printed()}`);
      };
      const movesOn = async (): Promise<void> => {
        const positions = await stage.positions();
        await stage.until('every partition moves on', async () => {
          const now = await stage.positions();
          return [0, 1, 2, 3].every((partition) => (now.get(partition) ?? 0) > (positions.get(partition) ?? 0));
        });
      };
      /** Longest time without a row since then, ms. */
      const gapSince = async (at: number): Promise<number> => {
        const [row] = await stage.query<{ gap: string }>(
          `SELECT 1000 * max(gap) AS gap FROM (
             SELECT extract(epoch FROM at - lag(at) OVER (ORDER BY at)) AS gap FROM offsets_audit
               WHERE from_offset < to_offset AND at >= to_timestamp($1)) AS gaps`,
          [at / 1_000],
        );
        return Math.round(Number(row?.gap));
      };
      try {
        const load = stage.load();
        const blue = engine('blue', 'active');
        await movesOn();
        const green = engine('green', 'standby');
        await stage.until('green is on standby', async () => /"event\.code":"engine_started"/.test(green.output));
        await ctl('green', 'standby');
        assert.equal(await stage.owners(), 1, 'on standby green owns nothing');

        for (const [from, to] of [
          ['blue', 'green'],
          ['green', 'blue'],
        ] as const) {
          const at = Date.now();
          await ctl(from, 'drain');
          await ctl(to, 'activate');
          await movesOn();
          t.diagnostic(`${strategy}, ${from} to ${to}: ${await gapSince(at)} ms without a row`);
        }
        await load.stop();
        await stage.settled();
        for (const one of [green, blue]) assert.deepEqual(await one.stop(), { code: 0, signal: null }, one.output);
        await stage.assertLedger();
      } finally {
        await stage.close();
      }
    });
  }
});
