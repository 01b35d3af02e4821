import Kafka from 'node-rdkafka';
import type { BrokerAddress } from './broker.js';
import { PLAIN_USER, SCRAM_USER } from './broker-properties.js';
import { until } from './until.js';

export type Mechanism = 'PLAIN' | 'SCRAM-SHA-512';

/** librdkafka properties that reach the broker's PLAINTEXT listener. */
export function plainClient(address: BrokerAddress): Record<string, string> {
  return { 'bootstrap.servers': `127.0.0.1:${address.ports.plain}`, 'broker.address.family': 'v4' };
}

/** ... its SASL_PLAINTEXT listener. */
export function saslClient(address: BrokerAddress, mechanism: Mechanism): Record<string, string> {
  const user = mechanism === 'PLAIN' ? PLAIN_USER : SCRAM_USER;
  return {
    ...plainClient(address),
    'bootstrap.servers': `127.0.0.1:${address.ports.sasl}`,
    'security.protocol': 'sasl_plaintext',
    'sasl.mechanism': mechanism,
    'sasl.username': user.name,
    'sasl.password': user.password,
  };
}

/** ... its SASL_SSL listener, with the client certificate. */
export function tlsClient(address: BrokerAddress, mechanism: Mechanism): Record<string, string> {
  const { ca, client } = address.certificates;
  return {
    ...saslClient(address, mechanism),
    'bootstrap.servers': `127.0.0.1:${address.ports.tls}`,
    'security.protocol': 'sasl_ssl',
    'ssl.ca.location': ca,
    'ssl.certificate.location': client.certificate,
    'ssl.key.location': client.key,
  };
}

const CONNECT_TIMEOUT_MS = 60_000;

export interface OutgoingRecord {
  readonly partition: number;
  readonly value: Buffer | null;
  readonly key?: Buffer | null;
  readonly timestampMs?: number;
}

/** A producer whose every send answers with the offset the broker gave the record. */
export class TestProducer {
  readonly #producer: Kafka.HighLevelProducer;

  private constructor(producer: Kafka.HighLevelProducer) {
    this.#producer = producer;
  }

  static async connect(settings: Readonly<Record<string, string>>): Promise<TestProducer> {
    const producer = new Kafka.HighLevelProducer(
      {
        ...settings,
        'enable.idempotence': true,
        'compression.codec': 'lz4',
        'message.max.bytes': 12_000_000,
        'linger.ms': 2,
      },
      {},
    );
    await connect(producer);
    return new TestProducer(producer);
  }

  /** Offset of the record. */
  send(topic: string, record: OutgoingRecord): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#producer.produce(
        topic,
        record.partition,
        record.value,
        record.key ?? null,
        record.timestampMs ?? Date.now(),
        (error: Error | null, offset?: number | null) => {
          if (error) reject(error);
          else resolve(offset!);
        },
      );
    });
  }

  /** Makes added partitions known to the client, which otherwise hears of them minutes later; resolves when it knows so many. */
  async refresh(topic: string, partitions: number): Promise<void> {
    await until(`the producer knows ${partitions} partitions of ${topic}`, async () => {
      const { topics } = await this.#metadata(topic);
      return topics.some(({ name, partitions: known }) => name === topic && known.length >= partitions);
    });
  }

  #metadata(topic: string): Promise<Kafka.Metadata> {
    return new Promise((resolve, reject) => {
      this.#producer.getMetadata({ topic, timeout: CONNECT_TIMEOUT_MS }, (error, metadata) =>
        error ? reject(error) : resolve(metadata),
      );
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#producer.disconnect(() => resolve()));
  }
}

/** Reads `count` values of a topic from its start as a member of `group`; rejects when the client fails or the time is up. */
export async function readFromStart(
  settings: Readonly<Record<string, string>>,
  topic: string,
  group: string,
  count: number,
): Promise<Buffer[]> {
  const consumer = new Kafka.KafkaConsumer(
    { ...settings, 'group.id': group, 'enable.auto.commit': false },
    { 'auto.offset.reset': 'earliest' },
  );
  await connect(consumer);
  consumer.subscribe([topic]);
  const values: Buffer[] = [];
  const deadline = Date.now() + 120_000;
  try {
    while (values.length < count) {
      if (Date.now() > deadline) throw new Error(`only ${values.length} of ${count} records of ${topic} came`);
      for (const message of await consume(consumer)) values.push(message.value ?? Buffer.alloc(0));
    }
  } finally {
    await new Promise<void>((resolve) => consumer.disconnect(() => resolve()));
  }
  return values;
}

function consume(consumer: Kafka.KafkaConsumer): Promise<Kafka.Message[]> {
  return new Promise((resolve, reject) => {
    consumer.consume(100, (error, messages) => (error ? reject(error) : resolve(messages)));
  });
}

/** Rejects with what the client's log said: the error itself never carries the cause. */
function connect(client: Pick<Kafka.Client<Kafka.KafkaClientEvents>, 'on' | 'connect'>): Promise<void> {
  return new Promise((resolve, reject) => {
    let cause = '';
    client.on('event.log', (event: { message?: string; fac?: string }) => {
      if (event.fac === 'FAIL') cause = event.message ?? '';
    });
    client.connect({ timeout: CONNECT_TIMEOUT_MS }, (error) => {
      if (error) reject(new Error(`${error.message}: ${cause}`));
      else resolve();
    });
  });
}
