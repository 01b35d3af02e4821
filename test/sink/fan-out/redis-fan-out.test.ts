import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { DropReason } from '../../../src/sink/fan-out/observer.js';
import { RedisFanOut } from '../../../src/sink/fan-out/redis-fan-out.js';
import { until } from '../../kafka/until.js';
import { encodeTrade, SLOT, trades } from '../../support/batches.js';
import { makeCertificate } from '../../support/certificate.js';
import { part } from '../../support/parts.js';
import { RedisServer, withoutRedis } from '../../support/redis-server.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

const STREAM = 'trades';
const closing: (() => Promise<unknown>)[] = [];

interface Watched {
  readonly fanOut: RedisFanOut;
  readonly lines: { event: string; text: string }[];
  readonly dropped: Partial<Record<DropReason, number>>;
  /** So many trades land, in one part, numbered on. */
  land(count: number): void;
  lineOf(event: string): string | undefined;
  /** Waits for a line that says so: on a busy machine one about a Redis that does not answer may come before it. */
  says(event: string, what: RegExp): Promise<void>;
}

function watched(url: string, more: { maxlen?: number; bufferBytes?: number } = {}): Watched {
  const lines: Watched['lines'] = [];
  const dropped: Watched['dropped'] = {};
  const log = ({ event }: { event: string }, text: string): void => {
    lines.push({ event, text });
  };
  const fanOut = new RedisFanOut({
    config: {
      redisUrl: url,
      redisStream: STREAM,
      redisStreamMaxlen: more.maxlen ?? 100_000,
      redisBufferBytes: more.bufferBytes ?? 1_000_000,
    },
    logger: { info: log, warn: log, error: log },
    observer: {
      onDropped: (reason, count) => {
        dropped[reason] = (dropped[reason] ?? 0) + count;
      },
    },
  });
  closing.push(() => fanOut.close());
  let next = 0;
  const land = (count: number): void => {
    const rows = trades(count).map((fields) => encodeTrade({ ...fields, tx_index: next++ }));
    const landed = part({ from: 0, to: 1, trades: [new Uint8Array(Buffer.concat(rows))], tradeRows: count });
    fanOut.landed({ kind: 'landed', part: landed, rowsInserted: count, rowsDuplicate: 0 });
  };
  fanOut.start();
  return {
    fanOut,
    lines,
    dropped,
    land,
    lineOf: (event) => lines.find((line) => line.event === event)?.text,
    says: (event, what) =>
      until(`a line says ${what}`, () => lines.some((line) => line.event === event && what.test(line.text))),
  };
}

async function redis(...settings: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(settings);
  closing.push(() => server.close());
  return server;
}

const publishes = (fanOut: RedisFanOut, count: number): Promise<void> =>
  until(`${count} trades are published`, () => fanOut.status.published === count, {
    explain: () => JSON.stringify(fanOut.status),
  });

/** Each trade is published or dropped: an empty buffer may have some on their way. */
const accountsFor = (fanOut: RedisFanOut, count: number): Promise<void> =>
  until(`${count} trades are accounted for`, () => fanOut.status.published + fanOut.status.dropped === count, {
    explain: () => JSON.stringify(fanOut.status),
  });

async function indexes(server: RedisServer): Promise<number[]> {
  return (await server.entries(STREAM)).map(({ fields }) => Number(fields.tx_index));
}

const upTo = (count: number, from = 0): number[] => Array.from({ length: count - from }, (_, i) => from + i);

describe('the fan-out', { skip: withoutRedis() }, () => {
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  test('publishes what landed, in order, before and after it is connected', async () => {
    const server = await redis();
    const { fanOut, land, lineOf } = watched(server.url);
    land(350);
    await publishes(fanOut, 350);
    land(3);
    await publishes(fanOut, 353);
    assert.deepEqual(await indexes(server), upTo(353));
    assert.deepEqual((await server.entries(STREAM))[0]?.fields.block_slot, String(SLOT));
    const status = { connected: true, breaker: 'closed', breakerOpenSince: null, bufferBytes: 0, dropped: 0 };
    assert.deepEqual(fanOut.status, { ...status, published: 353 });
    assert.match(lineOf('redis_connected') ?? '', /^publishing to trades on Redis at 127\.0\.0\.1:\d+$/);
  });

  test('publishes of a part that landed in part only the rows that did', async () => {
    const server = await redis();
    const { fanOut } = watched(server.url);
    const rows = trades(4).map((fields) => encodeTrade(fields));
    const size = rows[0]!.length;
    const landed = part({ from: 0, to: 1, trades: [new Uint8Array(Buffer.concat(rows))], tradeRows: 4 });
    const places = [1, 3].map((row) => ({ chunk: 0, start: row * size, end: (row + 1) * size }));
    fanOut.landed({ kind: 'landed', part: landed, rowsInserted: 2, rowsDuplicate: 2, places });
    await publishes(fanOut, 2);
    assert.deepEqual(await indexes(server), [1, 3]);
  });

  test('keeps the stream near its length', async () => {
    const server = await redis();
    const { fanOut, land } = watched(server.url, { maxlen: 200 });
    land(1_000);
    await publishes(fanOut, 1_000);
    const kept = await indexes(server);
    assert.ok(kept.length >= 200 && kept.length < 400, `${kept.length} entries`);
    assert.deepEqual(kept, upTo(1_000, 1_000 - kept.length), 'the newest');
  });

  test('waits for a Redis that comes later, and loses none of what fits into its buffer', async () => {
    const server = await redis();
    await server.kill();
    const { fanOut, land, says } = watched(server.url);
    land(150);
    await until('the breaker is open', () => fanOut.status.breaker === 'open');
    await says('redis_lost', /Redis at 127\.0\.0\.1:\d+ failed: .*ECONNREFUSED.*Trades land all the same/);
    assert.equal(fanOut.status.connected, false);
    await server.start();
    await publishes(fanOut, 150);
    assert.deepEqual(await indexes(server), upTo(150));
    assert.equal(fanOut.status.breaker, 'closed');
  });

  test('goes on by itself after Redis was killed, and sends nothing twice', async () => {
    const server = await redis();
    const { fanOut, land, lineOf } = watched(server.url);
    land(10);
    await publishes(fanOut, 10);
    await server.kill();
    await until('the loss is noticed', () => !fanOut.status.connected);
    assert.match(lineOf('redis_lost') ?? '', /Redis at/);
    land(20);
    await server.start();
    await publishes(fanOut, 30);
    assert.deepEqual(await indexes(server), upTo(30, 10));
    assert.equal(fanOut.status.dropped, 0);
  });

  test('drops the oldest and counts them while Redis is away, and holds no more than it may', async () => {
    const server = await redis();
    await server.kill();
    const { fanOut, land, dropped, lineOf } = watched(server.url, { bufferBytes: 65_536 });
    for (let i = 0; i < 100; i++) {
      land(50);
      assert.ok(fanOut.status.bufferBytes <= 65_536);
    }
    assert.ok(fanOut.status.dropped > 0);
    assert.match(lineOf('redis_dropping') ?? '', /REDIS_BUFFER_BYTES was spent$/);
    await server.start();
    await accountsFor(fanOut, 5_000);
    const { published } = fanOut.status;
    assert.deepEqual(dropped, { buffer_full: 5_000 - published });
    assert.deepEqual(await indexes(server), upTo(5_000, 5_000 - published), 'the newest were kept');
  });

  test('gives up a Redis that stands still, counts what it did not answer, and comes back', async () => {
    const server = await redis();
    const { fanOut, land, dropped, lineOf } = watched(server.url);
    land(1);
    await publishes(fanOut, 1);
    server.signal('SIGSTOP');
    land(150);
    await until('it is given up', () => !fanOut.status.connected);
    assert.match(lineOf('redis_lost') ?? '', /no answer within 5000 ms/);
    assert.deepEqual(dropped, { unanswered: 100 });
    server.signal('SIGCONT');
    await publishes(fanOut, 51);
    assert.deepEqual((await indexes(server)).slice(-50), upTo(151, 101));
  });

  test('counts what a full Redis refuses, opens its breaker, and publishes again when there is room', async () => {
    const server = await redis('--maxmemory', '1', '--maxmemory-policy', 'noeviction');
    // Far more than is tried, a chunk at a time, before there is room.
    const { fanOut, land, dropped, lineOf } = watched(server.url, { bufferBytes: 10_000_000 });
    land(5_000);
    await until('the breaker is open', () => fanOut.status.breaker === 'open');
    assert.ok((dropped.refused ?? 0) >= 300, JSON.stringify(dropped));
    assert.match(lineOf('redis_dropping') ?? '', /^100 /);
    assert.match(lineOf('redis_dropping') ?? '', /is full: raise its maxmemory/);
    assert.equal(fanOut.status.connected, true, 'it is there, and full');
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    await accountsFor(fanOut, 5_000);
    assert.ok(fanOut.status.published > 0);
    const { published } = fanOut.status;
    assert.deepEqual(dropped, { refused: 5_000 - published });
    assert.deepEqual(await indexes(server), upTo(5_000, 5_000 - published), 'the newest');
  });

  test('says what is wrong with a password, in a line that does not show it, and goes on trying', async () => {
    const server = await redis('--requirepass', 'right-password');
    const url = new URL(server.url);
    url.password = 'wrong-password';
    const { lines, says, fanOut } = watched(url.href);
    await until('the breaker is open', () => fanOut.status.breaker === 'open');
    await says('redis_lost', /does not accept user and password of REDIS_URL \(WRONGPASS/);
    assert.ok(!JSON.stringify(lines).includes('wrong-password'));
    url.password = '';
    const without = watched(url.href);
    await without.says('redis_lost', /wants user and password, which REDIS_URL does not give/);
    url.password = 'right-password';
    const right = watched(url.href);
    right.land(1);
    await publishes(right.fanOut, 1);
  });

  test('needs no permission but XADD and PING on its stream', async () => {
    const server = await redis();
    await server.command('ACL', 'SETUSER', 'engine', 'on', '>hush-hush', `~${STREAM}`, '+xadd', '+ping');
    const url = new URL(server.url);
    Object.assign(url, { username: 'engine', password: 'hush-hush' });
    const { fanOut, land } = watched(url.href);
    land(2);
    await publishes(fanOut, 2);
    await server.command('ACL', 'SETUSER', 'engine', '-xadd');
    const denied = watched(url.href);
    denied.land(1);
    await until('it is refused', () => denied.dropped.refused === 1);
    await denied.says('redis_dropping', /does not let this user publish: ACL SETUSER/);
  });

  test('ends at once beside a Redis that is away, refuses connections or hangs, and tells what it leaves behind', async () => {
    const server = await redis();
    const proxy = await new TcpProxy(server.port).listen();
    closing.push(() => proxy.close());
    proxy.blackHole();
    for (const url of ['redis://127.0.0.1:1', proxy.url(server.url), 'redis://192.0.2.1:6379']) {
      const { fanOut, land, dropped } = watched(url);
      land(7);
      await fanOut.close();
      assert.deepEqual(dropped, { shutdown: 7 }, url);
      assert.equal(fanOut.status.connected, false);
    }
  });

  test('publishes what is left when it is closed', async (context) => {
    const server = await redis();
    const { fanOut, land } = watched(server.url);
    await until('it is connected', () => fanOut.status.connected);
    land(1_000);
    // A machine that is busy has as many minutes for it as it has seconds.
    const { setTimeout } = globalThis;
    const slower = (run: () => void, ms = 0) => setTimeout(run, ms * 60);
    context.mock.method(globalThis, 'setTimeout', slower as typeof setTimeout);
    await fanOut.close();
    assert.equal(fanOut.status.published, 1_000);
    assert.deepEqual(await indexes(server), upTo(1_000));
  });

  test('leaves out a part that it cannot read and goes on', async () => {
    const server = await redis();
    const { fanOut, land, dropped, lineOf } = watched(server.url);
    const broken = part({ from: 0, to: 1, trades: [new Uint8Array(20)], tradeRows: 2 });
    fanOut.landed({ kind: 'landed', part: broken, rowsInserted: 2, rowsDuplicate: 0 });
    land(1);
    await publishes(fanOut, 1);
    assert.deepEqual(dropped, { unreadable: 2 });
    assert.match(lineOf('redis_dropping') ?? '', /A row of 0 columns/);
  });

  test('does not trust any certificate, and says where to name its authority', async () => {
    const server = await RedisServer.start([], makeCertificate({ name: 'localhost' }));
    closing.push(() => server.close());
    const { says } = watched(`rediss://localhost:${server.port}`);
    await says('redis_lost', /cannot be trusted: name its CA in NODE_EXTRA_CA_CERTS/);
    const plain = watched(`redis://localhost:${server.port}`);
    await until('a line', () => plain.lineOf('redis_lost') !== undefined);
  });
});
