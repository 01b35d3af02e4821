import { setTimeout as delay } from 'node:timers/promises';
import { type Rule, TcpProxy } from '../support/tcp-proxy.js';

type Link = Parameters<Rule>[2];

const HOST = Buffer.from('127.0.0.1');

/**
 * What an engine reaches a server by: a TCP proxy of its own whose faults end by themselves. One that stands before a Kafka
 * broker puts its own port in place of the broker's wherever that names its address, so that clients come back this way.
 */
export class Line {
  readonly #proxy: TcpProxy;
  readonly #targetPort: number;
  #fault: Rule | null = null;
  readonly #stranded = new Set<Link>();

  private constructor(targetPort: number) {
    this.#proxy = new TcpProxy(targetPort);
    this.#targetPort = targetPort;
  }

  static async to(targetPort: number): Promise<Line> {
    const line = new Line(targetPort);
    await line.#proxy.listen();
    line.#install();
    return line;
  }

  get port(): number {
    return this.#proxy.port;
  }

  /** The URL with this line in place of its server. */
  url(target: string): string {
    return this.#proxy.url(target);
  }

  /** Every connection there is ends. */
  sever(): void {
    this.#proxy.cut();
  }

  /** Every connection there is ends, and each new one at its first word, for so long. */
  async severFor(ms: number): Promise<void> {
    this.#proxy.cut();
    await this.#during(ms, (_, __, { client, server }) => {
      client.destroy();
      server.destroy();
      return 'drop';
    });
  }

  /** Nothing comes through for so long, and then all of it. */
  async stallFor(ms: number): Promise<void> {
    const held = new Set<Link>();
    await this.#during(ms, (_, __, link) => {
      held.add(link);
      link.client.pause();
      link.server.pause();
      return 'pass';
    });
    for (const { client, server } of held) {
      client.resume();
      server.resume();
    }
  }

  /** Connections used during this time are dead from then on: they swallow everything and never close. */
  async strandFor(ms: number): Promise<void> {
    await this.#during(ms, (_, __, link) => {
      this.#stranded.add(link);
      return 'drop';
    });
  }

  /** The answer to the next message that holds `text` is lost; false where none came in time. */
  loseAnswerTo(text: string, timeoutMs: number): Promise<boolean> {
    return this.#once(() => this.#proxy.loseAnswerTo(text), timeoutMs);
  }

  /** The connection ends before the next message that holds `text` arrives; false where none came in time. */
  cutBefore(text: string, timeoutMs: number): Promise<boolean> {
    return this.#once(() => this.#proxy.cutBefore(text), timeoutMs);
  }

  /** Ends what faults there are. A stranded connection has lost what it swallowed, so it ends as well. */
  heal(): void {
    this.#fault = null;
    for (const { client, server } of this.#stranded) {
      client.destroy();
      server.destroy();
    }
    this.#stranded.clear();
  }

  close(): Promise<void> {
    return this.#proxy.close();
  }

  async #once(start: () => Promise<void>, timeoutMs: number): Promise<boolean> {
    this.heal();
    const happened = start();
    const timer = new AbortController();
    const late = delay(timeoutMs, false, { signal: timer.signal }).catch(() => false);
    const outcome = await Promise.race([happened.then(() => true), late]);
    timer.abort();
    this.#install();
    return outcome;
  }

  async #during(ms: number, fault: Rule): Promise<void> {
    this.#fault = fault;
    await delay(ms);
    if (this.#fault === fault) this.#fault = null;
  }

  #install(): void {
    const readdress = readdresser(this.#targetPort, this.#proxy.port);
    this.#proxy.use((from, chunk, link) => {
      if (from === 'server') readdress(chunk);
      return this.#stranded.has(link) ? 'drop' : (this.#fault?.(from, chunk, link) ?? 'pass');
    });
  }
}

/**
 * Puts one port of loopback in place of another wherever a chunk of a Kafka broker's answers names an address. In place, for
 * both take four bytes. An address that lies across two chunks stays as it was, and the client goes past the proxy: no harm.
 */
export function readdresser(fromPort: number, toPort: number): (chunk: Buffer) => void {
  const from = address(fromPort);
  const to = address(toPort);
  return (chunk) => {
    for (let at = chunk.indexOf(from); at >= 0; at = chunk.indexOf(from, at + 1)) to.copy(chunk, at);
  };
}

/** Host and port as Kafka's answers hold them, behind the host's length. */
function address(port: number): Buffer {
  const bytes = Buffer.alloc(HOST.length + 4);
  HOST.copy(bytes);
  bytes.writeInt32BE(port, HOST.length);
  return bytes;
}
