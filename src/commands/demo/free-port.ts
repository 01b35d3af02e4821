import { once } from 'node:events';
import { createServer } from 'node:net';

const TRIES = 100;

/** The first port from `from` on that can be bound on loopback, null where there is none soon. Ports this low are not given to clients. */
export async function freePort(from: number): Promise<number | null> {
  for (let port = from; port < from + TRIES; port++) {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch {
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
  return null;
}
