import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Chunks are handed on in pieces of at most this, so that a throttled link trickles. */
const PIECE_BYTES = 16_384;

/** A TCP proxy in front of a broker on this machine: as a line far away and narrow, or one that is cut. */
export class SlowProxy {
  readonly port: number;
  /** One way, ms. */
  latencyMs = 0;
  /** Each way, per connection. */
  bytesPerSecond = Number.POSITIVE_INFINITY;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>, port: number) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = port;
  }

  static async listen(targetPort: number): Promise<SlowProxy> {
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true }, (client) => {
      const target = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
      proxy.#pump(client, target);
      proxy.#pump(target, client);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy: SlowProxy = new SlowProxy(server, sockets, (server.address() as { port: number }).port);
    return proxy;
  }

  /** Cuts every connection there is. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Every piece arrives after the latency and behind the ones before it; the sender is held while the line is full. */
  #pump(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    const line: { readonly piece: Buffer; readonly dueAt: number }[] = [];
    let freeAt = 0;
    const deliver = (): void => {
      while (line[0] !== undefined && line[0].dueAt <= performance.now()) {
        const { piece } = line.shift()!;
        if (!to.destroyed) to.write(piece);
      }
      if (line[0] !== undefined) setTimeout(deliver, line[0].dueAt - performance.now());
    };
    from.on('data', (chunk) => {
      from.pause();
      const idle = line.length === 0;
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        const piece = chunk.subarray(at, at + PIECE_BYTES);
        freeAt = Math.max(freeAt, performance.now()) + (piece.length / this.bytesPerSecond) * 1_000;
        line.push({ piece, dueAt: freeAt + this.latencyMs });
      }
      if (idle) deliver();
      setTimeout(() => from.resume(), freeAt - performance.now());
    });
    from.on('error', () => {});
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
