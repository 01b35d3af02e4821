import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EngineError } from '../../src/errors.js';
import { type HttpServers, httpTransport, startHttp } from '../../src/observe/http.js';
import { createMetrics } from '../../src/observe/metrics.js';
import type { EngineStatus } from '../../src/observe/status.js';
import { exchange } from '../support/http-client.js';
import { engineStatus } from './fixtures.js';

const BASE = { bindAddress: '127.0.0.1', healthCheckPort: 0, prometheusPort: 0, version: '1.2.3' };

function fresh(changes: Partial<EngineStatus> = {}): EngineStatus {
  return engineStatus({ startedAt: Date.now(), lastPollAt: Date.now(), ...changes });
}

describe('the HTTP servers', () => {
  let status: () => EngineStatus = fresh;
  const errors: string[] = [];
  let servers: HttpServers;
  let base = '';

  before(async () => {
    const metrics = createMetrics({ version: '1.2.3', httpTransport });
    const onError = (error: Error): void => void errors.push(error.message);
    servers = await startHttp({ ...BASE, metrics, status: () => status(), onError });
    base = `http://127.0.0.1:${servers.ports.health}`;
  });
  after(() => servers.close());

  it('answer the four routes, and metrics on the other port', async () => {
    for (const path of ['/live', '/ready', '/health']) {
      const response = await fetch(base + path);
      assert.equal(response.status, 200, path);
      assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
      assert.equal(((await response.json()) as { status: string }).status, 'healthy');
    }
    for (const port of [servers.ports.health, servers.ports.prometheus]) {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`);
      assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
      assert.match(await response.text(), /^engine_state\{state="active"\} 1$/m);
    }
    assert.equal((await fetch(`http://127.0.0.1:${servers.ports.prometheus}/health`)).status, 404);
  });

  it('answer with the status of the moment', async () => {
    status = () => fresh({ state: 'draining' });
    assert.equal((await fetch(`${base}/live`)).status, 200);
    assert.equal((await fetch(`${base}/ready`)).status, 503);
    assert.equal((await fetch(`${base}/health`)).status, 503);
    assert.match(await (await fetch(`${base}/metrics`)).text(), /^engine_state\{state="draining"\} 1$/m);
    status = fresh;
    assert.equal((await fetch(`${base}/ready`)).status, 200);
  });

  it('answer HEAD without a body', async () => {
    const head = `HEAD /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const answer = await exchange(servers.ports.health, head);
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(answer, /content-length: [1-9]\d*\r\n/i);
    assert.ok(answer.endsWith('\r\n\r\n'));
  });

  it('refuse every other method with 405, a body or none, and other paths with 404', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const response = await fetch(`${base}/health`, method === 'OPTIONS' ? { method } : { method, body: 'x' });
      assert.equal(response.status, 405, method);
      assert.equal(response.headers.get('allow'), 'GET, HEAD');
    }
    assert.equal((await fetch(`${base}/`)).status, 404);
    assert.equal((await fetch(`${base}/health/`)).status, 404);
    assert.equal((await fetch(`${base}/secrets`, { method: 'POST' })).status, 404);
  });

  it('hang up on a body nobody needs', async () => {
    await assert.rejects(fetch(`${base}/health`, { method: 'POST', body: 'x'.repeat(1_000_000) }));
    assert.equal((await fetch(`${base}/health`)).status, 200);
  });

  it('answer a route that fails with a bare 500, and tell the engine', async () => {
    status = () => {
      throw new Error('no status: password=s3cret');
    };
    for (const path of ['/live', '/metrics']) {
      const response = await fetch(base + path);
      assert.equal(response.status, 500);
      assert.deepEqual(await response.json(), { error: 'internal error' });
    }
    status = fresh;
    assert.deepEqual(errors, ['no status: password=s3cret', 'no status: password=s3cret']);
  });
});

describe('starting the HTTP servers', () => {
  const options = { ...BASE, status: () => fresh(), metrics: createMetrics({ version: '1' }) };

  it('names the variable of a port that is in use, and leaves nothing listening', async () => {
    const first = await startHttp(options);
    const taken = first.ports.health;
    const failure = (variable: string) => (error: unknown) =>
      error instanceof EngineError && error.code === 'CONFIG_INVALID' && error.message.includes(`${variable}=${taken}`);
    await assert.rejects(startHttp({ ...options, healthCheckPort: taken }), failure('HEALTH_CHECK_PORT'));

    const spare = await startHttp(options);
    const free = spare.ports.health;
    await spare.close();
    const second = { ...options, healthCheckPort: free, prometheusPort: taken };
    await assert.rejects(startHttp(second), failure('PROMETHEUS_PORT'));
    await assert.rejects(fetch(`http://127.0.0.1:${free}/live`));
    await first.close();
  });

  it('names the address where it is none of this machine', async () => {
    await assert.rejects(startHttp({ ...options, bindAddress: '192.0.2.1' }), /BIND_ADDRESS=192\.0\.2\.1/);
  });

  it('serves everything on one port where both are the same', async () => {
    const spare = await startHttp(options);
    const port = spare.ports.health;
    await spare.close();
    const servers = await startHttp({ ...options, healthCheckPort: port, prometheusPort: port });
    assert.deepEqual(servers.ports, { health: port, prometheus: port });
    assert.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 200);
    assert.equal((await fetch(`http://127.0.0.1:${port}/metrics`)).status, 200);
    await servers.close();
    await assert.rejects(fetch(`http://127.0.0.1:${port}/health`));
  });

  it('leaves the process’ signals alone', async () => {
    const before = process.listenerCount('SIGTERM');
    const servers = await startHttp(options);
    assert.equal(process.listenerCount('SIGTERM'), before);
    await servers.close();
  });
});
