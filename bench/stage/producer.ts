import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { FromProducer, ProducerPlan, Sent, ToProducer } from './producer-messages.js';

/** A producer in a process of its own, which goes when this process goes. */
export class BenchProducer {
  readonly #child: ChildProcess;
  #next: Promise<FromProducer>;
  #resolve: (message: FromProducer) => void = () => {};
  /** Messages up to here by partition: what landing waits for. */
  readonly ends = new Map<number, number>();
  /** Trades that no earlier message carried, sent so far. */
  newTrades = 0;

  /** Resolves when the corpus is made and the broker answers. */
  static async open(plan: ProducerPlan): Promise<BenchProducer> {
    const producer = new BenchProducer();
    await producer.#ask({ kind: 'open', plan });
    return producer;
  }

  private constructor() {
    this.#child = fork(new URL('./producer-process.js', import.meta.url), [], {
      detached: true,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#next = this.#waits();
    this.#child.on('message', (message: FromProducer) => this.#resolve(message));
    this.#child.once('exit', (code, signal) => {
      this.#resolve({ kind: 'failed', text: `it ended with ${signal ?? `exit code ${code}`}` });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** As much as it goes, as fast as it goes; resolves when all is acknowledged. */
  burst(partitionBytes: number, bytes: number): Promise<Sent> {
    return this.#send({ kind: 'burst', partitionBytes, bytes });
  }

  /** `rate` times real time for so long; resolves when all is acknowledged. With `aheadBytes` it waits where a partition has more that has not landed. */
  pace(rate: number, seconds: number, aheadBytes: number | null = null): Promise<Sent> {
    return this.#send({ kind: 'pace', rate, seconds, aheadBytes });
  }

  landed(positions: ReadonlyMap<number, number>): void {
    if (this.#child.connected) this.#child.send({ kind: 'landed', nextOffsets: [...positions] } satisfies ToProducer);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  async #send(message: ToProducer): Promise<Sent> {
    const answer = await this.#ask(message);
    if (answer.kind !== 'sent') throw new Error(`the producer answered ${answer.kind}`);
    const { sent } = answer;
    this.newTrades += sent.newTrades;
    for (const [index, partition] of sent.partitions.entries()) {
      this.ends.set(partition, Math.max(this.ends.get(partition) ?? 0, sent.offsets[index]! + 1));
    }
    return sent;
  }

  async #ask(message: ToProducer): Promise<FromProducer> {
    this.#child.send(message);
    const answer = await this.#next;
    if (answer.kind === 'failed') throw new Error(`the producer failed: ${answer.text}`);
    this.#next = this.#waits();
    return answer;
  }

  #waits(): Promise<FromProducer> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}
