import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { freePort } from '../../../src/commands/demo/free-port.js';

describe('a free port for the demo’s page', () => {
  it('is not one that is in use, and is free again', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const taken = (server.address() as AddressInfo).port;
    const port = await freePort(taken);
    assert.ok(port !== null && port > taken);
    const again = createServer();
    again.listen(port, '127.0.0.1');
    await once(again, 'listening');
    again.close();
    server.close();
  });
});
