import type { BrokerAddress } from './broker.js';
import { PLAIN_USER, SCRAM_USER } from './broker-properties.js';
import type { Mechanism } from './clients.js';
import type { EngineEnvironment } from './engine-process.js';

/** The engine's variables for the broker's PLAINTEXT listener. */
export function plainEnvironment(address: BrokerAddress): EngineEnvironment {
  return { KAFKA_BROKERS: `127.0.0.1:${address.ports.plain}`, KAFKA_SECURITY_PROTOCOL: 'PLAINTEXT' };
}

/** ... for SASL_PLAINTEXT. */
export function saslEnvironment(address: BrokerAddress, mechanism: Mechanism): EngineEnvironment {
  const user = mechanism === 'PLAIN' ? PLAIN_USER : SCRAM_USER;
  return {
    KAFKA_BROKERS: `127.0.0.1:${address.ports.sasl}`,
    KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT',
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_USERNAME: user.name,
    KAFKA_PASSWORD: user.password,
  };
}

/** ... for SASL_SSL with a client certificate. */
export function tlsEnvironment(address: BrokerAddress, mechanism: Mechanism): EngineEnvironment {
  const { ca, client } = address.certificates;
  return {
    ...saslEnvironment(address, mechanism),
    KAFKA_BROKERS: `127.0.0.1:${address.ports.tls}`,
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_CA_CERT_PATH: ca,
    KAFKA_CLIENT_CERT_PATH: client.certificate,
    KAFKA_CLIENT_KEY_PATH: client.key,
  };
}

/** The environment without some of its variables. */
export function without(environment: EngineEnvironment, ...names: string[]): EngineEnvironment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)));
}
