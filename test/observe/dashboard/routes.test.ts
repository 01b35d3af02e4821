import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { CLIENTS_MAX } from '../../../src/observe/dashboard/event-hub.js';
import type { PartitionStatus } from '../../../src/observe/status.js';
import { exchange } from '../../support/http-client.js';
import { partitionStatus } from '../fixtures.js';
import { type DashboardStage, dashboardStage, OWNER } from './stage.js';

const TOKEN = 'a-token-of-some-length';
const bearer = { authorization: `Bearer ${TOKEN}` };

/** What these tests look at of `/api/status`. */
interface StatusBody {
  readonly headline: { readonly tone: string };
  readonly state: string;
  readonly version: string;
  readonly colour: string | null;
  readonly uptime_seconds: number;
  readonly partitions: readonly unknown[];
  readonly lag: { readonly messages: number | null; readonly seconds: number | null };
  readonly workers: unknown;
  readonly dead_letters: { readonly since_start: number };
  readonly trades: unknown;
  readonly gaps: unknown;
  readonly latency: { readonly window_seconds: number };
  readonly history: { readonly columns: readonly string[]; readonly points: readonly unknown[] };
  readonly point: readonly unknown[];
}

/** Event names and data of a stream, as they come. */
async function* events(response: Response): AsyncGenerator<{ event: string; data: StatusBody }> {
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) };
    }
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `${what} did not come`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('the routes of the dashboard', () => {
  let stage: DashboardStage;
  before(async () => {
    stage = await dashboardStage();
  });
  after(() => stage.close());

  it('give the page, under a policy that lets it ask nobody else', async () => {
    const response = await fetch(stage.base);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.match(response.headers.get('content-security-policy') ?? '', /^default-src 'none'; script-src 'sha256-/);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.match(await response.text(), /<title>Solana Trades Engine<\/title>/);
  });

  it('give the status with what is known, and null for what is not', async () => {
    stage.metrics.deadLetters.inc({ reason: 'truncated' }, 2);
    stage.metrics.endToEndLatency.observe(0.03);
    const response = await fetch(`${stage.base}api/status`);
    assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
    const status = (await response.json()) as StatusBody;
    assert.equal(status.headline.tone, 'good');
    assert.deepEqual([status.state, status.version, status.colour], ['active', '1.2.3', 'green']);
    assert.ok(status.uptime_seconds >= 60);
    assert.deepEqual(status.partitions, [
      {
        partition: 0,
        owner: OWNER,
        ours: true,
        epoch: 1,
        next_offset: 100,
        high_watermark: 110,
        lag: 10,
        committed_at: null,
      },
    ]);
    assert.deepEqual([status.lag.messages, status.lag.seconds], [10, 0.5]);
    assert.deepEqual(status.workers, { threads: 2, busy: 1, queued: 3, restarts: 0 });
    assert.equal(status.dead_letters.since_start, 2);
    assert.deepEqual([status.trades, status.gaps], [null, null]);
    assert.equal(status.latency.window_seconds, 300);
    assert.equal(status.history.columns.length, 7);
  });

  it('tell the time lag of the partition that is furthest behind, and none where one is not known', async () => {
    const lagSeconds = async (partitions: PartitionStatus[]): Promise<number | null> => {
      stage.status({ partitions });
      const { lag } = (await (await fetch(`${stage.base}api/status`)).json()) as StatusBody;
      return lag.seconds;
    };
    const [near, far] = [partitionStatus(), partitionStatus({ partition: 1, lagSeconds: 42 })];
    assert.equal(await lagSeconds([near, far]), 42);
    assert.equal(await lagSeconds([near, far, partitionStatus({ partition: 2, lagSeconds: null })]), null);
    stage.status({});
  });

  it('send a whole report first and an update every second, each with its point', async () => {
    const stream = events(await fetch(`${stage.base}events`));
    const first = (await stream.next()).value!;
    assert.equal(first.event, 'report');
    assert.ok(Array.isArray(first.data.history.points));
    stage.metrics.messagesProcessed.inc({ topic: 't' }, 500);
    for (let seen = 0; seen < 2; seen++) {
      const { event, data } = (await stream.next()).value!;
      assert.equal(event, 'update');
      assert.equal(data.history, undefined);
      if (seen === 1) assert.equal(data.point.length, 7);
    }
    await stream.return(undefined);
    await until(() => stage.dashboard.clients === 0, 'the end of the stream');
  });

  it('answer HEAD without a body and without a stream, and refuse what else there is', async () => {
    for (const path of ['', 'api/status', 'events']) {
      const head = await exchange(stage.port, `HEAD /${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      assert.match(head, /^HTTP\/1\.1 200 OK\r\n/, path);
      assert.ok(head.endsWith('\r\n\r\n'), path);
      assert.equal((await fetch(stage.base + path, { method: 'POST', body: 'x' })).status, 405, path);
    }
    assert.equal(stage.dashboard.clients, 0);
  });

  it('let so many watch and no more', async () => {
    const watching = await Promise.all(Array.from({ length: CLIENTS_MAX }, () => fetch(`${stage.base}events`)));
    assert.equal(stage.dashboard.clients, CLIENTS_MAX);
    const refused = await fetch(`${stage.base}events`);
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get('retry-after'), '5');
    assert.equal((await fetch(`${stage.base}api/status`)).status, 200);
    await Promise.all(watching.map((response) => response.body?.cancel()));
    await until(() => stage.dashboard.clients === 0, 'room for others');
  });
});

describe('a dashboard that is closed', () => {
  it('ends its streams at once, also one that nobody reads', async () => {
    const stage = await dashboardStage();
    const idle = net.connect(stage.port, '127.0.0.1');
    idle.pause().write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
    const reading = await fetch(`${stage.base}events`);
    await until(() => stage.dashboard.clients === 2, 'both streams');
    const ended = reading.text();
    await stage.close();
    assert.match(await ended, /^retry: 1000\n\nevent: report\n/);
    idle.resume();
    await once(idle, 'close');
    assert.equal(stage.dashboard.clients, 0);
  });
});

describe('a private dashboard', () => {
  let stage: DashboardStage;
  before(async () => {
    stage = await dashboardStage({ token: TOKEN });
  });
  after(() => stage.close());

  it('shows nothing to whoever has not shown the token', async () => {
    for (const path of [
      'api/status',
      'events',
      '',
      '?token=wrong',
      '?token=',
      `?token=${TOKEN}x`,
      '?token=a&token=b',
    ]) {
      const response = await fetch(stage.base + path, { redirect: 'manual' });
      assert.equal(response.status, 401, path);
      assert.equal(response.headers.get('www-authenticate'), 'Bearer realm="dashboard"');
      assert.equal(response.headers.get('set-cookie'), null);
      assert.doesNotMatch(await response.text(), /solana\.dextrades|host-1/);
    }
    assert.equal((await fetch(`${stage.base}api/status`, { headers: { authorization: 'Bearer wrong' } })).status, 401);
  });

  it('leaves the health routes to the probes', async () => {
    for (const path of ['live', 'ready', 'health', 'metrics']) {
      assert.equal((await fetch(stage.base + path)).status, 200, path);
    }
  });

  it('takes the token as a bearer', async () => {
    for (const path of ['', 'api/status', 'events']) {
      const response = await fetch(stage.base + path, { headers: bearer });
      assert.equal(response.status, 200, path);
      await response.body?.cancel();
    }
  });

  it('takes the token once in the address, gives a cookie for it and takes it out of the address', async () => {
    const response = await fetch(`${stage.base}?token=${TOKEN}`, { redirect: 'manual' });
    assert.equal(response.status, 303);
    assert.equal(response.headers.get('location'), './');
    assert.equal(response.headers.get('referrer-policy'), 'no-referrer');
    const cookie = response.headers.get('set-cookie') ?? '';
    assert.match(cookie, /; HttpOnly; SameSite=Lax$/);
    assert.ok(!cookie.includes(TOKEN));
    const headers = { cookie: cookie.split(';')[0]! };
    const page = await fetch(stage.base, { headers });
    assert.equal(page.status, 200);
    assert.ok(!(await page.text()).includes(TOKEN));
    assert.equal((await fetch(`${stage.base}api/status`, { headers })).status, 200);
  });
});
