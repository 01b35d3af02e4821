import Kafka from 'node-rdkafka';

export interface MockTopic {
  /** `host:port` for KAFKA_BROKERS. */
  readonly brokers: string;
  stop(): Promise<void>;
}

/** librdkafka's own broker in this process, with one topic of four partitions and a message, no trades’ unless one is given, in the first. */
export async function mockTopic(topic: string, message: Uint8Array = Buffer.from('x')): Promise<MockTopic> {
  const producer = new Kafka.Producer({ 'test.mock.num.brokers': 1, dr_cb: true } as Kafka.ProducerGlobalConfig);
  const metadata = await new Promise<Kafka.Metadata>((resolve, reject) => {
    producer.connect({ timeout: 120_000 }, (error, data) => (error ? reject(error) : resolve(data)));
  });
  producer.setPollInterval(10);
  const delivered = new Promise<void>((resolve, reject) => {
    producer.once('delivery-report', (error) => (error ? reject(error) : resolve()));
  });
  producer.produce(topic, 0, Buffer.from(message));
  await delivered;
  return {
    brokers: metadata.brokers.map(({ host, port }) => `${host}:${port}`).join(','),
    stop: () => new Promise((resolve) => producer.disconnect(() => resolve())),
  };
}
