import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { takeMessages } from '../../src/commands/demo/generator/generator.js';
import { until } from '../kafka/until.js';
import { Stage } from './stage.js';

const TOKEN = 'a-token-of-some-length';
const headers = { authorization: `Bearer ${TOKEN}` };

/** What this test looks at of `/api/status`. */
interface Body {
  readonly headline: { readonly tone: string; readonly title: string };
  readonly lag: { readonly messages: number | null };
  readonly partitions: readonly { readonly ours: boolean; readonly owner: string; readonly next_offset: number }[];
  readonly trades: readonly { readonly price: number | null; readonly signature: string }[] | null;
  readonly latency: { readonly end_to_end: { readonly count: number; readonly p99_seconds: number | null } };
  readonly dead_letters: { readonly since_start: number };
}

let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage.close());

test('a running engine tells its story, its watchers do not hold up its end, and the token stays unsaid', async () => {
  await stage.send(takeMessages(80, { seed: 9, poisonShare: 0, transactionsPerSlot: 40 }));
  const engine = stage.engine({ DASHBOARD_TOKEN: TOKEN });
  await stage.settled();
  const base = `http://127.0.0.1:${await engine.healthPort()}`;
  const status = async (): Promise<Body> => (await (await fetch(`${base}/api/status`, { headers })).json()) as Body;

  assert.equal((await fetch(`${base}/`)).status, 401);
  await until('the page keeps up and has read the newest trades', async () => {
    const { headline, lag, partitions, trades, latency } = await status();
    const landed = partitions.reduce((sum, { next_offset }) => sum + next_offset, 0) === stage.end;
    const told = trades !== null && trades.length > 0 && latency.end_to_end.count > 0;
    return headline.title === 'Keeping up' && lag.messages === 0 && landed && told;
  });
  const { partitions, latency, dead_letters } = await status();
  assert.ok(partitions.every(({ ours }) => ours));
  assert.deepEqual([...new Set(partitions.map(({ owner }) => owner))], [...new Set(await stage.owners())]);
  assert.ok(latency.end_to_end.count > 0 && latency.end_to_end.p99_seconds !== null);
  assert.equal(dead_letters.since_start, 0);

  const watching = await fetch(`${base}/events`, { headers });
  const heard = watching.text();
  assert.deepEqual(await engine.stop(), { code: 0, signal: null }, engine.output);
  assert.match(await heard, /^event: report$/m);
  assert.ok(!engine.output.includes(TOKEN), 'the log shows the token');
});
