import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { Server } from 'hyper-express';
import { exchange } from '../support/http-client.js';

const LARGE_BYTES = 8 * 1024 * 1024;

/** hyper-express as it is published, on whatever transport is installed. */
describe('hyper-express on the transport', () => {
  const server = new Server({ auto_close: false, max_body_length: 64 * 1024 });
  let base = '';
  let streamClosed: () => void = () => undefined;
  let waitClosed: () => void = () => undefined;
  let waitStarted: () => void = () => undefined;

  before(async () => {
    server.get('/hello', (_request, response) => response.header('x-two', ['a', 'b']).send('hello'));
    server.head('/hello', (_request, response) => response.send('hello'));
    server.get('/topics/:topic/partitions/:partition', (request, response) =>
      response.json({
        parameters: { ...request.path_parameters },
        query: { ...request.query_parameters },
        path: request.path,
        ip: request.ip,
        agent: request.headers['x-agent'],
      }),
    );
    server.post('/echo', async (request, response) => response.send(await request.text()));
    server.get('/large', (_request, response) => response.send(Buffer.alloc(LARGE_BYTES, 'x')));
    server.get('/stream', async (request, response) => {
      const { Readable } = await import('node:stream');
      const chunks = Array.from({ length: 64 }, (_, i) => Buffer.alloc(LARGE_BYTES / 64, 97 + (i % 26)));
      const sized = request.query_parameters.sized === 'yes';
      await response.stream(Readable.from(chunks), sized ? LARGE_BYTES : undefined);
    });
    server.get('/events', (_request, response) => {
      const { sse } = response;
      assert.ok(sse);
      sse.open();
      sse.send('1', 'tick', 'one\ntwo');
      response.once('close', () => streamClosed());
    });
    server.get('/wait', (_request, response) => {
      waitStarted();
      response.once('abort', () => waitClosed());
    });
    server.get('/late', async (_request, response) => {
      waitStarted();
      await new Promise((resolve) => setImmediate(resolve));
      response.send('late');
    });
    server.get('/fails', () => {
      throw new Error('on purpose');
    });
    server.set_error_handler((_request, response) => response.status(500).send('failed'));
    await server.listen(0, '127.0.0.1');
    base = `http://127.0.0.1:${server.port}`;
  });
  after(() => server.force_close());

  it('answers GET with body, length and repeated headers', async () => {
    const response = await fetch(`${base}/hello`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-length'), '5');
    assert.equal(response.headers.get('x-two'), 'a, b');
    assert.equal(await response.text(), 'hello');
  });

  it('answers HEAD with the length and no body', async () => {
    const answer = await exchange(server.port, 'HEAD /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(answer, /content-length: 5\r\n/i);
    assert.ok(answer.endsWith('\r\n\r\n'));
  });

  it('gives parameters, query, headers and the client’s address', async () => {
    const response = await fetch(`${base}/topics/solana.dextrades.proto/partitions/7?from=a%20b&from=c`, {
      headers: { 'X-Agent': 'Test' },
    });
    assert.deepEqual(await response.json(), {
      parameters: { topic: 'solana.dextrades.proto', partition: '7' },
      query: { from: ['a b', 'c'] },
      path: '/topics/solana.dextrades.proto/partitions/7',
      ip: '127.0.0.1',
      agent: 'Test',
    });
  });

  it('reads a body of known length, one in chunks and an empty one', async () => {
    const body = 'ü'.repeat(20_000);
    assert.equal(await (await fetch(`${base}/echo`, { method: 'POST', body })).text(), body);
    const chunked = new ReadableStream({
      start(controller) {
        for (const part of ['one ', 'two ', 'three']) controller.enqueue(new TextEncoder().encode(part));
        controller.close();
      },
    });
    const init = { method: 'POST', body: chunked, duplex: 'half' } as RequestInit;
    assert.equal(await (await fetch(`${base}/echo`, init)).text(), 'one two three');
    assert.equal(await (await fetch(`${base}/echo`, { method: 'POST' })).text(), '');
  });

  it('refuses a body over the route’s limit with 413', async () => {
    const response = await fetch(`${base}/echo`, { method: 'POST', body: 'x'.repeat(100_000) });
    assert.equal(response.status, 413);
  });

  it('cuts off a body that goes on beyond every limit', async () => {
    const request = http.request(`${base}/echo`, { method: 'POST' });
    const chunk = Buffer.alloc(256 * 1024);
    let sent = 0;
    const failed = new Promise<boolean>((resolve) => request.on('error', () => resolve(true)));
    const pump = (): void => {
      while (!request.destroyed && sent < 512 * 1024 * 1024) {
        sent += chunk.length;
        if (!request.write(chunk)) {
          request.once('drain', pump);
          return;
        }
      }
    };
    pump();
    assert.equal(await failed, true);
    assert.ok(sent < 128 * 1024 * 1024, `${sent} bytes were taken`);
  });

  it('answers 404 for a path or a method nobody registered, and 500 for a handler that throws', async () => {
    assert.equal((await fetch(`${base}/nowhere`)).status, 404);
    assert.equal((await fetch(`${base}/hello`, { method: 'DELETE' })).status, 404);
    const failed = await fetch(`${base}/fails`);
    assert.equal(failed.status, 500);
    assert.equal(await failed.text(), 'failed');
  });

  it('sends a large body whole', async () => {
    const body = Buffer.from(await (await fetch(`${base}/large`)).arrayBuffer());
    assert.equal(body.length, LARGE_BYTES);
    assert.ok(body.every((byte) => byte === 0x78));
  });

  for (const sized of ['yes', 'no']) {
    it(`streams to a client that reads late without losing a byte (length known: ${sized})`, async () => {
      const [message] = (await once(http.get(`${base}/stream?sized=${sized}`), 'response')) as [http.IncomingMessage];
      assert.equal(message.headers['content-length'], sized === 'yes' ? String(LARGE_BYTES) : undefined);
      let received = 0;
      for await (const chunk of message) {
        for (const at of [0, (chunk as Buffer).length - 1]) {
          const expected = 97 + (Math.floor((received + at) / (LARGE_BYTES / 64)) % 26);
          assert.equal((chunk as Buffer)[at], expected);
        }
        received += (chunk as Buffer).length;
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(received, LARGE_BYTES);
    });
  }

  it('sends events as they happen and notices that the client went', async () => {
    const closed = new Promise<void>((resolve) => {
      streamClosed = resolve;
    });
    const request = http.get(`${base}/events`);
    const [message] = (await once(request, 'response')) as [http.IncomingMessage];
    assert.equal(message.headers['content-type'], 'text/event-stream; charset=utf-8');
    let text = '';
    message.on('error', () => undefined);
    for await (const chunk of message) {
      text += String(chunk);
      if (text.includes('two')) break;
    }
    assert.equal(text, ': open\n\nid: 1\nevent: tick\ndata: one\ndata: two\n\n');
    request.destroy();
    await closed;
  });

  it('tells a handler that its client hung up before the answer', async () => {
    const aborted = new Promise<void>((resolve) => {
      waitClosed = resolve;
    });
    const started = new Promise<void>((resolve) => {
      waitStarted = resolve;
    });
    const request = http.get(`${base}/wait`);
    request.on('error', () => undefined);
    await started;
    request.destroy();
    await aborted;
  });

  it('answers what is not HTTP with 400, too many headers with 431, and hangs up', async () => {
    assert.match(await exchange(server.port, 'this is not HTTP\r\n\r\n'), /^HTTP\/1\.1 400 /);
    const padding = `X-Padding: ${'x'.repeat(20_000)}`;
    assert.match(
      await exchange(server.port, `GET /hello HTTP/1.1\r\nHost: x\r\n${padding}\r\n\r\n`),
      /^HTTP\/1\.1 431 /,
    );
    const smuggled =
      'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    assert.match(await exchange(server.port, smuggled), /^HTTP\/1\.1 400 /);
    assert.equal((await fetch(`${base}/hello`)).status, 200);
  });

  it('answers several requests sent at once on one connection, in order', async () => {
    const get = (path: string, last: boolean): string =>
      `GET ${path} HTTP/1.1\r\nHost: x\r\n${last ? 'Connection: close\r\n' : ''}\r\n`;
    const answer = await exchange(server.port, get('/late', false) + get('/hello', false) + get('/nowhere', true));
    assert.deepEqual(answer.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 404']);
    assert.ok(answer.indexOf('late') < answer.indexOf('hello'));
  });

  it('refuses WebSockets with what to install', () => {
    const other = new Server({ auto_close: false });
    assert.throws(() => other.ws('/socket', () => undefined), /uws-native/);
  });
});

describe('closing hyper-express on the transport', () => {
  it('finishes the requests under way, takes no new ones and resolves', async () => {
    const server = new Server({ auto_close: false });
    let finish: () => void = () => undefined;
    let started: () => void = () => undefined;
    const underWay = new Promise<void>((resolve) => {
      started = resolve;
    });
    server.get('/slow', async (_request, response) => {
      started();
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      response.send('done');
    });
    await server.listen(0, '127.0.0.1');
    const url = `http://127.0.0.1:${server.port}/slow`;
    const answer = fetch(url);
    await underWay;
    const stopped = server.shutdown();
    await assert.rejects(fetch(url));
    finish();
    assert.equal(await (await answer).text(), 'done');
    assert.equal(await stopped, true);
  });

  it('cuts connections off when forced', async () => {
    const server = new Server({ auto_close: false });
    let started: () => void = () => undefined;
    const underWay = new Promise<void>((resolve) => {
      started = resolve;
    });
    server.get('/never', () => started());
    await server.listen(0, '127.0.0.1');
    const cut = assert.rejects(fetch(`http://127.0.0.1:${server.port}/never`));
    await underWay;
    server.force_close();
    await cut;
  });

  it('rejects where the port is taken, and says why', async () => {
    const first = new Server({ auto_close: false });
    const second = new Server({ auto_close: false });
    await first.listen(0, '127.0.0.1');
    await assert.rejects(second.listen(first.port, '127.0.0.1'));
    const { listenError } = second.uws_instance;
    if (listenError) assert.equal((listenError as NodeJS.ErrnoException).code, 'EADDRINUSE');
    first.force_close();
  });
});
