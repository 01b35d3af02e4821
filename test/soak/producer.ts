import { GENERATOR_DEFAULTS } from '../../src/commands/demo/generator/options.js';
import { type ProducedMessage, Producer } from '../../src/commands/demo/producer.js';

/** Slots left free between two stretches, so that their trades differ. */
const SLOTS_BETWEEN = 1_000;

export interface SoakStream {
  readonly brokers: string;
  readonly topic: string;
  readonly seed: number;
  /** Multiples of real time. */
  readonly rate: number;
}

/** A stream that can pause: each stretch is a producer process of its own. */
export class SoakProducer {
  readonly produced: ProducedMessage[] = [];
  readonly #stream: SoakStream;
  #producer: Producer | null = null;
  #stretch = 0;
  #fail: (error: unknown) => void = () => {};
  /** Rejects when a producer fails. */
  readonly failed: Promise<never>;

  constructor(stream: SoakStream) {
    this.#stream = stream;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => {});
  }

  resume(): void {
    const { brokers, topic, seed, rate } = this.#stream;
    let startSlot: number = GENERATOR_DEFAULTS.startSlot;
    for (const { trades } of this.produced)
      for (const { slot } of trades) startSlot = Math.max(startSlot, slot + SLOTS_BETWEEN);
    const plan = {
      kafka: { 'bootstrap.servers': brokers },
      topic,
      rate,
      answerEvery: 50,
      aheadBytesMax: 8_000_000,
      generator: { seed: seed + this.#stretch, partitions: 4, startSlot },
    };
    this.#stretch += 1;
    const producer = new Producer(plan, (messages) => {
      for (const message of messages) this.produced.push(message);
    });
    // One that was told to end ends, which is no failure.
    producer.failed.catch((error: unknown) => {
      if (this.#producer === producer) this.#fail(error);
    });
    this.#producer = producer;
  }

  /** Ends the stretch: everything of it is with the broker. */
  async pause(): Promise<void> {
    const producer = this.#producer;
    await producer?.finish();
    this.#producer = null;
    await producer?.kill();
  }

  /** Everything below these offsets has landed, which gives room to go on. */
  landed(nextOffsets: ReadonlyMap<number, number>): void {
    this.#producer?.landed(nextOffsets);
  }

  async kill(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    await producer?.kill();
  }
}
