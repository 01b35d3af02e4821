import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

type Side = 'client' | 'server';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

/** What a rule sees of a chunk on its way, and what is to become of it. */
export type Verdict = 'pass' | 'drop';
export type Rule = (from: Side, chunk: Buffer, link: Link) => Verdict;

/** A TCP proxy in front of a server on this machine, with faults to switch on. */
export class TcpProxy {
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #rule: Rule = () => 'pass';
  port = 0;
  /** Connections taken so far. */
  accepted = 0;

  constructor(targetPort: number) {
    this.#server = createServer({ noDelay: true }, (client) => {
      this.accepted++;
      const server = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
      const link = { client, server };
      this.#links.add(link);
      this.#pump('client', client, server, link);
      this.#pump('server', server, client, link);
    });
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP port');
    this.port = address.port;
    return this;
  }

  /** The URL with this proxy in place of its server. */
  url(target: string): string {
    const url = new URL(target);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** Every chunk is shown to the rule from now on. */
  use(rule: Rule): void {
    this.#rule = rule;
  }

  clear(): void {
    this.#rule = () => 'pass';
  }

  /** Swallows everything in both directions and closes nothing, as a network does that lost its way. */
  blackHole(): void {
    this.#rule = () => 'drop';
  }

  /** The connections there are swallow everything and never close, as when a cable was pulled; new ones work. */
  strand(): void {
    const stranded = new Set(this.#links);
    this.#rule = (_, __, link) => (stranded.has(link) ? 'drop' : 'pass');
  }

  /** Cuts every connection there is. */
  cut(): void {
    for (const link of this.#links) destroy(link);
  }

  /**
   * Lets the next message of the client that holds `text` through, lets the server answer it, and cuts the connection in
   * place of the answer. Resolves when that has happened.
   */
  loseAnswerTo(text: string): Promise<void> {
    return new Promise((resolve) => {
      let waiting: Link | null = null;
      this.#rule = (from, chunk, link) => {
        if (from === 'client' && waiting === null && chunk.includes(text)) waiting = link;
        if (from !== 'server' || link !== waiting) return 'pass';
        // ReadyForQuery is the last the server says to a query: with it the statement is done.
        if (!endsWithReady(chunk)) return 'drop';
        this.clear();
        destroy(link);
        resolve();
        return 'drop';
      };
    });
  }

  /** Cuts the connection before the next message of the client that holds `text` reaches the server. */
  cutBefore(text: string): Promise<void> {
    return new Promise((resolve) => {
      this.#rule = (from, chunk, link) => {
        if (from !== 'client' || !chunk.includes(text)) return 'pass';
        this.clear();
        destroy(link);
        resolve();
        return 'drop';
      };
    });
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pump(from: Side, source: Socket, target: Socket, link: Link): void {
    source.on('data', (chunk) => {
      if (this.#rule(from, chunk, link) === 'pass' && !target.destroyed) target.write(chunk);
    });
    source.on('error', () => {});
    source.on('close', () => {
      this.#links.delete(link);
      target.destroy();
    });
  }
}

/** 'Z', length 5, a state. */
function endsWithReady(chunk: Buffer): boolean {
  return chunk.length >= 6 && chunk[chunk.length - 6] === 0x5a && chunk.readInt32BE(chunk.length - 5) === 5;
}

function destroy({ client, server }: Link): void {
  client.destroy();
  server.destroy();
}
