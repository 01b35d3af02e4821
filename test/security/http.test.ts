import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type HttpServers, startHttp } from '../../src/observe/http.js';
import { createMetrics } from '../../src/observe/metrics.js';
import { until } from '../kafka/until.js';
import { engineStatus } from '../observe/fixtures.js';
import { exchange } from '../support/http-client.js';

const OPTIONS = {
  bindAddress: '127.0.0.1',
  healthCheckPort: 0,
  prometheusPort: 0,
  version: '1.2.3',
  status: () => engineStatus({ startedAt: Date.now(), lastPollAt: Date.now() }),
  metrics: createMetrics({ version: '1.2.3' }),
};
const CLOSE = 'Host: x\r\nConnection: close\r\n';

let servers: HttpServers;
let port = 0;
before(async () => {
  servers = await startHttp(OPTIONS);
  port = servers.ports.health;
});
after(() => servers.close());

async function assertAnswers(): Promise<void> {
  assert.equal((await fetch(`http://127.0.0.1:${port}/live`)).status, 200);
}

/** A connection on which only this much is said, and what came back; `drip` is sent again and again. */
function slowClient(text: string, drip = ''): { readonly closed: Promise<void>; readonly heard: () => string } {
  const socket = connect(port, '127.0.0.1', () => socket.write(text));
  let heard = '';
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
  });
  socket.on('error', () => {});
  const timer = setInterval(() => drip !== '' && socket.writable && socket.write(drip), 200);
  const closed = once(socket, 'close').then(() => clearInterval(timer));
  return { closed, heard: () => heard };
}

describe('a client of the HTTP server', () => {
  test('reaches it on the address it is bound to and on no other', { skip: process.platform !== 'linux' }, async () => {
    const elsewhere = await startHttp({ ...OPTIONS, bindAddress: '127.0.0.2' });
    const { health, prometheus } = elsewhere.ports;
    assert.equal((await fetch(`http://127.0.0.2:${health}/live`)).status, 200);
    for (const taken of [health, prometheus]) {
      const socket = connect(taken, '127.0.0.1');
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
      assert.equal(error.code, 'ECONNREFUSED');
    }
    await elsewhere.close();
  });

  test('that changes something, tunnels or traces is refused on every route', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'])
      for (const path of ['/live', '/ready', '/health', '/metrics'])
        assert.match(await exchange(port, `${method} ${path} HTTP/1.1\r\n${CLOSE}\r\n`), /^HTTP\/1\.1 405 /, method);
    assert.doesNotMatch(await exchange(port, `CONNECT 127.0.0.1:22 HTTP/1.1\r\n${CLOSE}\r\n`), /^HTTP\/1\.1 2/);
    await assertAnswers();
  });

  test('that sends headers without end is turned away', async () => {
    const many = Array.from({ length: 5_000 }, (_, i) => `X-${i}: y\r\n`).join('');
    for (const headers of [many, `X: ${'y'.repeat(20_000)}\r\n`])
      assert.match(await exchange(port, `GET /live HTTP/1.1\r\n${CLOSE}${headers}\r\n`), /^HTTP\/1\.1 431 /);
    assert.match(await exchange(port, `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${CLOSE}\r\n`), /^HTTP\/1\.1 431 /);
  });

  test('that sends a body nobody asked for costs no more than its first bytes', async () => {
    const { closed, heard } = slowClient(
      `POST /live HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n`,
      'x'.repeat(65_536),
    );
    await closed;
    assert.doesNotMatch(heard(), /^HTTP\/1\.1 200/);
    await assertAnswers();
  });

  test('that says nothing, or a letter at a time, is timed out, and nobody waits for it', async () => {
    const clients = [
      slowClient(''),
      slowClient('GET /live HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'y'),
      slowClient('GET /live HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n', 'z'),
      slowClient('GET /live HTTP/1.1\r\nHost: x\r\n\r\n'),
    ];
    await until('the last client has its answer', () => clients.at(-1)?.heard().startsWith('HTTP/1.1 200') === true);
    await assertAnswers();
    // The slowest takes a body of one route no longer than a request may take in all.
    await Promise.all(clients.map(({ closed }) => closed));
    assert.match(clients[1]?.heard() ?? '', /^HTTP\/1\.1 408 /);
    await assertAnswers();
  });

  test('that opens connections without end leaves room for those of the engine', async () => {
    const sockets: Socket[] = [];
    let cut = 0;
    for (let i = 0; i < 600; i += 1) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.once('close', () => {
        cut += 1;
      });
      sockets.push(socket);
    }
    await until('some are turned away', () => cut >= 80);
    for (const socket of sockets) socket.destroy();
    await until('it answers again', () =>
      fetch(`http://127.0.0.1:${port}/live`).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
  });
});
