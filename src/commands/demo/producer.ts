import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { GeneratorOptions } from './generator/options.js';
import type { SentMessage } from './ledger.js';

/** What a producer is to do; sent to its process, so that no password stands in a command line. */
export interface ProducerPlan {
  /** librdkafka properties that reach the broker. */
  readonly kafka: Readonly<Record<string, unknown>>;
  readonly topic: string;
  /** Multiples of real time. */
  readonly rate: number;
  /** One trade in so many is sent with its known answer, to be compared with what landed. */
  readonly answerEvery: number;
  /** Bytes of a partition, uncompressed, that may be ahead of what has landed. */
  readonly aheadBytesMax: number;
  readonly generator: Partial<GeneratorOptions> & Pick<GeneratorOptions, 'partitions'>;
}

/** A message the broker acknowledged. */
export interface ProducedMessage extends SentMessage {
  readonly bytes: number;
  /** Kafka timestamp: when it was handed to the client. */
  readonly timestampMs: number;
}

/** What a producer's process is told. */
export type ToProducer =
  | { readonly kind: 'start'; readonly plan: ProducerPlan }
  | { readonly kind: 'landed'; readonly nextOffsets: readonly (readonly [partition: number, nextOffset: number])[] }
  | { readonly kind: 'stop' };

/** What it tells. `done` is the last: everything sent is acknowledged and told. */
export type FromProducer =
  | { readonly kind: 'produced'; readonly messages: readonly ProducedMessage[] }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly text: string };

/** A producer in a process of its own, which goes when this process goes. */
export class Producer {
  readonly #child: ChildProcess;
  readonly #done: Promise<void>;
  /** Rejects when the producer fails or ends without having been told to stop; never resolves. */
  readonly failed: Promise<never>;

  constructor(plan: ProducerPlan, onProduced: (messages: readonly ProducedMessage[]) => void) {
    const child = fork(new URL('./producer-process.js', import.meta.url), [], {
      // A process group of its own: Ctrl-C in a terminal is for us, not for the producer.
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    let finish = (): void => {};
    let fail: (error: Error) => void = () => {};
    this.#done = new Promise((resolve) => {
      finish = resolve;
    });
    this.failed = new Promise((_, reject) => {
      fail = reject;
    });
    this.failed.catch(() => {});
    child.on('message', (message: FromProducer) => {
      if (message.kind === 'produced') onProduced(message.messages);
      else if (message.kind === 'failed') fail(new Error(`The producer failed: ${message.text}`));
      else finish();
    });
    child.once('error', (error) => fail(new Error('The producer could not be started.', { cause: error })));
    child.once('exit', (code, signal) => fail(new Error(`The producer ended with ${signal ?? `exit code ${code}`}.`)));
    this.#child = child;
    this.#tell({ kind: 'start', plan });
  }

  /** Everything below these offsets has landed: gives the producer room to go on. */
  landed(nextOffsets: ReadonlyMap<number, number>): void {
    this.#tell({ kind: 'landed', nextOffsets: [...nextOffsets] });
  }

  /** Produces nothing more; resolves when the broker has acknowledged everything and `onProduced` was told. */
  async finish(): Promise<void> {
    this.#tell({ kind: 'stop' });
    await Promise.race([this.#done, this.failed]);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  #tell(message: ToProducer): void {
    // A process that is gone says so by its exit.
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}
