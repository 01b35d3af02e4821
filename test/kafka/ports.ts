import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the system's ephemeral range. A port inside it can be taken by any outgoing connection while the broker is down,
// and a client that dials one on loopback can even end up connected to itself.
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** `count` different ports of loopback that nothing listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
