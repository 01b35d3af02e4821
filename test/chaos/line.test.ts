import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { until } from '../kafka/until.js';
import { Line } from './line.js';

describe('a line to a server', () => {
  let server: Server;
  let port: number;
  let line: Line;
  const clients: Socket[] = [];

  before(async () => {
    server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => socket.write(chunk));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    line = await Line.to(port);
  });
  after(async () => {
    for (const client of clients) client.destroy();
    await line.close();
    server.close();
  });

  async function client(): Promise<{ socket: Socket; received: () => Buffer }> {
    const socket = connect(line.port, '127.0.0.1');
    clients.push(socket);
    let all = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      all = Buffer.concat([all, chunk]);
    });
    await once(socket, 'connect');
    return { socket, received: () => all };
  }

  const named = (at: number): Buffer => {
    const bytes = Buffer.from('....127.0.0.1....');
    bytes.writeInt32BE(at, 13);
    return bytes;
  };

  test('names itself wherever the server names its own address, and nothing else', async () => {
    const { socket, received } = await client();
    socket.write(Buffer.concat([named(port), named(port - 1), named(port)]));
    await until('all came back', () => received().length === 51);
    assert.deepEqual(received(), Buffer.concat([named(line.port), named(port - 1), named(line.port)]));
  });

  test('that stalls brings everything in the end, and in order', async () => {
    const { socket, received } = await client();
    let over = false;
    const stalled = line.stallFor(300).then(() => {
      over = true;
    });
    socket.write('a');
    await until('the first came back or the stall is over', () => received().length > 0 || over);
    socket.write('b');
    socket.write('c');
    await stalled;
    await until('all came back', () => received().length === 3);
    assert.equal(received().toString(), 'abc');
  });

  test('that was stranded swallows everything from then on and stays open, while a new one works', async () => {
    const { socket, received } = await client();
    const stranded = line.strandFor(3_000);
    socket.write('a');
    await stranded;
    socket.write('b');
    const other = await client();
    other.socket.write('c');
    await until('the new one answers', () => other.received().toString() === 'c');
    assert.equal(received().length, 0);
    assert.equal(socket.destroyed, false);
    line.heal();
    await once(socket, 'close');
  });

  test('that is severed for a while ends what there is and what comes, and then works again', async () => {
    const { socket } = await client();
    const closed = once(socket, 'close');
    const severed = line.severFor(3_000);
    await closed;
    const during = await client();
    during.socket.write('a');
    await once(during.socket, 'close');
    await severed;
    const later = await client();
    later.socket.write('b');
    await until('it answers', () => later.received().toString() === 'b');
  });
});
