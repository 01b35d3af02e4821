import type { Certificates } from './certificates.js';

/** Client ports by listener, and the controller's. */
export interface BrokerPorts {
  /** PLAINTEXT. */
  readonly plain: number;
  /** SASL_PLAINTEXT, PLAIN and SCRAM-SHA-512. */
  readonly sasl: number;
  /** SASL_SSL with both mechanisms; a client certificate is required. */
  readonly tls: number;
  /** SASL_SSL with a server certificate that ran out. */
  readonly expired: number;
  readonly controller: number;
}

/** Users the broker knows: one per mechanism. */
export const PLAIN_USER = { name: 'alice', password: 'alice-secret' };
export const SCRAM_USER = { name: 'bob', password: 'bob-secret' };

/** The text of server.properties for a single KRaft node on loopback, tuned to answer faults within a second or so. */
export function brokerProperties(ports: BrokerPorts, certificates: Certificates, dataFolder: string): string {
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAIN',
    listeners: [
      `PLAIN://127.0.0.1:${ports.plain}`,
      `SASL://127.0.0.1:${ports.sasl}`,
      `TLS://127.0.0.1:${ports.tls}`,
      `EXPIRED://127.0.0.1:${ports.expired}`,
      `CONTROLLER://127.0.0.1:${ports.controller}`,
    ].join(','),
    'listener.security.protocol.map':
      'PLAIN:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SASL_SSL,EXPIRED:SASL_SSL,CONTROLLER:PLAINTEXT',
    'log.dirs': dataFolder,
    ...saslOf('sasl'),
    ...saslOf('tls'),
    ...saslOf('expired'),
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': certificates.serverKeystore,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': certificates.ca,
    'listener.name.tls.ssl.client.auth': 'required',
    'listener.name.expired.ssl.keystore.type': 'PEM',
    'listener.name.expired.ssl.keystore.location': certificates.expiredKeystore,
    ...SMALL_AND_QUICK,
  };
  return text(properties);
}

/** As server.properties has it. */
export function text(properties: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function saslOf(listener: string): Record<string, string> {
  const security = 'org.apache.kafka.common.security';
  const { name, password } = PLAIN_USER;
  return {
    [`listener.name.${listener}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-512',
    [`listener.name.${listener}.plain.sasl.jaas.config`]: `${security}.plain.PlainLoginModule required user_${name}="${password}";`,
    [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`]: `${security}.scram.ScramLoginModule required;`,
  };
}

/** Small, and answering faults within a second or so. */
export const SMALL_AND_QUICK = {
  'num.partitions': 1,
  'auto.create.topics.enable': false,
  'message.max.bytes': 12_000_000,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 4,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'share.coordinator.state.topic.num.partitions': 4,
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 1_000,
  'group.consumer.min.heartbeat.interval.ms': 200,
  'group.consumer.heartbeat.interval.ms': 500,
  'group.consumer.min.session.timeout.ms': 1_000,
  'group.consumer.session.timeout.ms': 6_000,
  'log.retention.check.interval.ms': 1_000,
  'log.initial.task.delay.ms': 1_000,
  'log.segment.delete.delay.ms': 1_000,
  // A killed broker is let in again only when its old session has run out; nine seconds by default. A shorter one than this, and
  // a busy machine makes it pass for dead.
  'broker.session.timeout.ms': 3_000,
  'broker.heartbeat.interval.ms': 300,
};
