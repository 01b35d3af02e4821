import uWebSockets, { type TemplatedApp, type us_listen_socket } from 'uWebSockets.js';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { exchange } from '../support/http-client.js';

/** The transport by itself, where hyper-express does not reach. Runs against whichever transport is installed. */
async function serve(app: TemplatedApp): Promise<{ port: number; base: string; socket: us_listen_socket }> {
  const socket = await new Promise<us_listen_socket | false>((resolve) => app.listen('127.0.0.1', 0, resolve));
  assert.ok(socket);
  const port = uWebSockets.us_socket_local_port(socket);
  return { port, base: `http://127.0.0.1:${port}`, socket };
}

describe('the transport', () => {
  it('says which one it is, and why it is not the native one', () => {
    assert.ok(['native', 'node:http'].includes(uWebSockets.transport));
    assert.equal(uWebSockets.transportReason === null, uWebSockets.transport === 'native');
  });

  it('gives parameters by place and by name, queries whole and decoded, headers by lower-case name', async () => {
    const app = uWebSockets.App();
    app.get('/t/:topic/:partition', (response, request) => {
      const seen = {
        parameters: [request.getParameter(0), request.getParameter('partition'), request.getParameter(2) ?? null],
        query: [request.getQuery(), request.getQuery('q'), request.getQuery('flag'), request.getQuery('none') ?? null],
        method: [request.getMethod(), request.getCaseSensitiveMethod()],
        url: request.getUrl(),
        header: [request.getHeader('x-one'), request.getHeader('x-none')],
      };
      response.end(JSON.stringify(seen));
    });
    const { base } = await serve(app);
    const response = await fetch(`${base}/t/a%2Fb/7?q=x+y%21&flag`, { headers: { 'X-One': 'Value' } });
    assert.deepEqual(await response.json(), {
      parameters: ['a%2Fb', '7', null],
      query: ['q=x+y%21&flag', 'x y!', '', null],
      method: ['get', 'GET'],
      url: '/t/a%2Fb/7',
      header: ['Value', ''],
    });
    app.close();
  });

  it('goes on to the next route when a handler yields, and answers 404 when none is left', async () => {
    const app = uWebSockets.App();
    app.get('/live', (_response, request) => void request.setYield(true));
    app.any('/*', (response, request) => {
      if (request.getUrl() === '/live') response.end('second');
      else request.setYield(true);
    });
    const { base } = await serve(app);
    assert.equal(await (await fetch(`${base}/live`)).text(), 'second');
    assert.equal((await fetch(`${base}/other`)).status, 404);
    app.close();
  });

  it('delivers a body with the bytes still to come', async () => {
    const app = uWebSockets.App();
    const length = 300_000;
    app.post('/known', (response) => {
      let received = 0;
      response.onAborted(() => undefined);
      response.onDataV2((chunk, remaining) => {
        received += chunk.byteLength;
        assert.equal(remaining, BigInt(length - received));
        if (remaining === 0n) response.cork(() => response.end(String(received)));
      });
    });
    app.post('/last', (response) => {
      const lasts: boolean[] = [];
      response.onAborted(() => undefined);
      response.onData((_chunk, isLast) => {
        lasts.push(isLast);
        if (isLast) response.cork(() => response.end(String(lasts.filter(Boolean).length)));
      });
    });
    const { base } = await serve(app);
    assert.equal(
      await (await fetch(`${base}/known`, { method: 'POST', body: 'x'.repeat(length) })).text(),
      String(length),
    );
    assert.equal(await (await fetch(`${base}/last`, { method: 'POST' })).text(), '1');
    app.close();
  });

  it('takes of a large answer what the client is ready for, and the rest from the write offset on', async () => {
    const app = uWebSockets.App();
    const body = Buffer.from(Array.from({ length: 4 * 1024 * 1024 }, (_, i) => i % 251));
    const first: boolean[] = [];
    app.get('/large', (response) => {
      response.onAborted(() => undefined);
      response.onWritable((offset) => {
        assert.equal(offset, response.getWriteOffset());
        const [ok, done] = response.tryEnd(body.subarray(offset), body.length);
        return ok || done;
      });
      first.push(...response.tryEnd(body, body.length));
    });
    const { base } = await serve(app);
    const [message] = (await once(http.get(`${base}/large`), 'response')) as [http.IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    assert.equal(message.headers['content-length'], String(body.length));
    assert.ok(Buffer.concat(chunks).equals(body));
    if (uWebSockets.transport === 'node:http') assert.deepEqual(first, [false, false]);
    app.close();
  });

  it('refuses to touch a response that is over', async () => {
    const app = uWebSockets.App();
    const thrown: unknown[] = [];
    app.get('/', (response) => {
      response.end('once');
      for (const again of [() => response.end('twice'), () => response.write('x'), () => response.close()]) {
        try {
          again();
        } catch (error) {
          thrown.push(error);
        }
      }
    });
    const { base } = await serve(app);
    assert.equal(await (await fetch(base)).text(), 'once');
    assert.equal(thrown.length, 3);
    assert.match(String(thrown[0]), /must not be accessed after/);
    app.close();
  });

  it('runs the abort handler when the server itself closes the response', async () => {
    const app = uWebSockets.App();
    let aborted = 0;
    app.get('/', (response) => {
      response.onAborted(() => {
        aborted += 1;
      });
      response.close();
    });
    const { base } = await serve(app);
    await assert.rejects(fetch(base));
    assert.equal(aborted, 1);
    app.close();
  });

  it('reads the target in absolute form, and answers a client of HTTP/1.0 without chunks', async () => {
    const app = uWebSockets.App();
    app.get('/parts', (response) => {
      response.write('one ');
      response.write('two');
      response.end();
    });
    const { port } = await serve(app);
    const answer = await exchange(port, 'GET http://elsewhere/parts HTTP/1.0\r\n\r\n');
    assert.doesNotMatch(answer, /transfer-encoding/i);
    assert.ok(answer.endsWith('\r\n\r\none two'));
    app.close();
  });

  it('tells the client’s address as bytes and as text', async () => {
    const app = uWebSockets.App();
    app.get('/', (response) => {
      const text = Buffer.from(response.getRemoteAddressAsText()).toString();
      response.end(
        `${text} ${[...new Uint8Array(response.getRemoteAddress())].join('.')} ${response.getRemotePort() > 0}`,
      );
    });
    const { base } = await serve(app);
    assert.equal(await (await fetch(base)).text(), '127.0.0.1 127.0.0.1 true');
    app.close();
  });

  it('listens on a port alone, with options, and on a path', async () => {
    const app = uWebSockets.App();
    app.get('/', (response) => void response.end('here'));
    const plain = await new Promise<us_listen_socket | false>((resolve) => app.listen(0, resolve));
    const exclusive = await new Promise<us_listen_socket | false>((resolve) =>
      app.listen('127.0.0.1', 0, uWebSockets.LIBUS_LISTEN_EXCLUSIVE_PORT, resolve),
    );
    for (const socket of [plain, exclusive]) {
      assert.ok(socket);
      const url = `http://127.0.0.1:${uWebSockets.us_socket_local_port(socket)}/`;
      assert.equal(await (await fetch(url, { headers: { connection: 'close' } })).text(), 'here');
    }
    const folder = await mkdtemp(join(tmpdir(), 'uws-'));
    const path = join(folder, 'listener.sock');
    assert.ok(await new Promise<us_listen_socket | false>((resolve) => app.listen_unix(resolve, path)));
    const [message] = (await once(http.get({ socketPath: path, path: '/' }), 'response')) as [http.IncomingMessage];
    assert.equal(message.statusCode, 200);
    message.resume();
    app.close();
    await rm(folder, { recursive: true });
  });
});

describe('addresses as bytes', () => {
  it('are 4 for IPv4, 16 for IPv6 and none for what is neither', async () => {
    const { createRequire } = await import('node:module');
    const require = createRequire(new URL('../../../package.json', import.meta.url));
    const { addressBytes } = require('./vendor/uwebsockets/lib/bytes.js') as {
      addressBytes(text: string): ArrayBuffer;
    };
    const hex = (text: string): string => Buffer.from(addressBytes(text)).toString('hex');
    assert.equal(hex('10.0.0.255'), '0a0000ff');
    assert.equal(hex('::1'), '00000000000000000000000000000001');
    assert.equal(hex('2001:db8::ff00:42:8329'), '20010db8000000000000ff0000428329');
    assert.equal(hex('1:2:3:4:5:6:7:8'), '00010002000300040005000600070008');
    assert.equal(hex('::ffff:127.0.0.1'), '00000000000000000000ffff7f000001');
    assert.equal(hex('fe80::1%eth0'), 'fe800000000000000000000000000001');
    assert.equal(hex('nowhere'), '');
  });
});
