import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ErrorCode } from '../../src/errors.js';
import { explainKafkaError } from '../../src/ingest/kafka-errors.js';
import { configOf } from '../support/config.js';

const SASL = {
  KAFKA_BROKERS: 'rpk0.example:9092',
  KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT',
  KAFKA_USERNAME: 'bob',
  KAFKA_PASSWORD: 'hush',
};
const TLS = { ...SASL, KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' };
const PLAIN = { KAFKA_BROKERS: 'rpk0.example:9092', KAFKA_GROUP_ID: 'g' };
const DOWN = 'all broker connections are down';
const log = (protocol: string, text: string) =>
  `FAIL: [thrd:${protocol}rpk0.example:9092/bootstrap]: ${protocol}rpk0.example:9092/bootstrap: ${text}`;

interface Case {
  readonly name: string;
  readonly env: Record<string, string>;
  readonly event: string;
  readonly log: string;
  readonly code: ErrorCode;
  readonly says: RegExp[];
  readonly canRetry?: boolean;
}

/** The texts are those of librdkafka 2.12 against Apache Kafka 4.1. */
const CASES: readonly Case[] = [
  {
    name: 'a wrong password under SCRAM names the other mechanisms',
    env: SASL,
    event: 'authentication failure',
    log: log(
      'sasl_plaintext://',
      'SASL authentication error: Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512 (after 4ms in state AUTH_REQ)',
    ),
    code: 'KAFKA_AUTHENTICATION',
    says: [
      /rpk0\.example:9092 refused the login of user "bob"/,
      /KAFKA_PASSWORD/,
      /KAFKA_SASL_MECHANISM=SCRAM-SHA-256 or PLAIN/,
    ],
  },
  {
    name: 'a wrong password under PLAIN names the other mechanisms',
    env: { ...SASL, KAFKA_SASL_MECHANISM: 'PLAIN' },
    event: 'authentication failure',
    log: log('sasl_plaintext://', 'SASL authentication error: Authentication failed: Invalid username or password'),
    code: 'KAFKA_AUTHENTICATION',
    says: [/with PLAIN: unknown user or wrong password/, /KAFKA_SASL_MECHANISM=SCRAM-SHA-512 or SCRAM-SHA-256/],
  },
  {
    name: 'a mechanism that is not enabled lists those that are',
    env: { ...SASL, KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256' },
    event: 'authentication failure',
    log: log(
      'sasl_plaintext://',
      "SASL SCRAM-SHA-256 mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's supported mechanisms: PLAIN,SCRAM-SHA-512",
    ),
    code: 'KAFKA_AUTHENTICATION',
    says: [/does not offer the mechanism SCRAM-SHA-256; it offers PLAIN, SCRAM-SHA-512\./],
  },
  {
    name: 'a login on a port without logins',
    env: SASL,
    event: 'authentication failure',
    log: log(
      'sasl_plaintext://',
      'SASL SCRAM-SHA-512 mechanism handshake failed: Broker: Request not valid in current SASL state',
    ),
    code: 'KAFKA_AUTHENTICATION',
    says: [/takes no logins on this port/, /KAFKA_SECURITY_PROTOCOL=PLAINTEXT/],
  },
  {
    name: 'no login on a port that wants one',
    env: PLAIN,
    event: 'broker transport failure',
    log: log('', 'Disconnected: connection closed by peer: receive 0 after POLLIN (after 2ms in state UP)'),
    code: 'KAFKA_AUTHENTICATION',
    says: [/rpk0\.example:9092 hangs up on a client that does not log in/, /SASL_PLAINTEXT or SASL_SSL/],
    canRetry: true,
  },
  {
    name: 'TLS on a port without it',
    env: TLS,
    event: 'broker transport failure',
    log: log(
      'sasl_ssl://',
      'SSL handshake failed: Disconnected: SSL connection closed by peer: connecting to a PLAINTEXT broker listener? (after 5ms in state SSL_HANDSHAKE)',
    ),
    code: 'KAFKA_TLS',
    says: [/does not speak TLS on this port/, /KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT/],
  },
  {
    name: 'no TLS on a port with it',
    env: SASL,
    event: DOWN,
    log: log(
      'sasl_plaintext://',
      'Disconnected: connection closed by peer: receive 0 after POLLIN (after 12ms in state APIVERSION_QUERY)',
    ),
    code: 'KAFKA_TLS',
    says: [/hangs up on a client without TLS/, /KAFKA_SECURITY_PROTOCOL=SASL_SSL/],
    canRetry: true,
  },
  {
    name: 'a certificate that could not be verified',
    env: TLS,
    event: 'ssl error',
    log: log(
      'sasl_ssl://',
      'SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could not be verified, verify that ssl.ca.location is correctly configured',
    ),
    code: 'KAFKA_TLS',
    says: [/certificate of rpk0\.example:9092 could not be verified/, /KAFKA_CA_CERT_PATH/],
  },
  {
    name: 'a missing client certificate',
    env: TLS,
    event: 'broker transport failure',
    log: log(
      'sasl_ssl://',
      'SSL handshake failed: error:0A000412:SSL routines::sslv3 alert bad certificate: SSL alert number 42',
    ),
    code: 'KAFKA_TLS',
    says: [/wants a client certificate/, /KAFKA_CLIENT_CERT_PATH and KAFKA_CLIENT_KEY_PATH/],
  },
  {
    name: 'a CA file that is not there',
    env: TLS,
    event: 'error:05880002:x509 certificate routines::system lib',
    log: '',
    code: 'KAFKA_TLS',
    says: [/CA certificate .*cannot be read/],
  },
  {
    name: 'a key that is not the certificate’s',
    env: TLS,
    event: 'error:05800074:x509 certificate routines::key values mismatch',
    log: '',
    code: 'KAFKA_TLS',
    says: [/do not belong together/],
  },
  {
    name: 'nothing that listens',
    env: PLAIN,
    event: 'broker transport failure',
    log: log('', 'Connect to ipv4#127.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)'),
    code: 'KAFKA_UNREACHABLE',
    says: [/Nothing listens at rpk0\.example:9092/, /KAFKA_BROKERS/],
    canRetry: true,
  },
  {
    name: 'a name that is unknown',
    env: PLAIN,
    event: 'host resolution failure',
    log: log('', "Failed to resolve 'rpk0.example:9092': Name or service not known (after 0ms in state CONNECT)"),
    code: 'KAFKA_UNREACHABLE',
    says: [/name of rpk0\.example:9092 is unknown/],
    canRetry: true,
  },
  {
    name: 'a topic the user may not read',
    env: { ...SASL, KAFKA_GROUP_ID: 'bob-1' },
    event: 'Broker: Topic authorization failed',
    log: '',
    code: 'KAFKA_AUTHORIZATION',
    says: [/do not let user "bob" read the topic solana\.dextrades\.proto/],
  },
  {
    name: 'a group the user may not use',
    env: { ...SASL, KAFKA_GROUP_ID: 'bob-1' },
    event: 'Broker: Group authorization failed',
    log: '',
    code: 'KAFKA_AUTHORIZATION',
    says: [/consumer group bob-1/, /KAFKA_GROUP_ID/],
  },
  {
    name: 'a property librdkafka does not know',
    env: PLAIN,
    event: 'No such configuration property: "foo.bar"',
    log: '',
    code: 'CONFIG_INVALID',
    says: [/property foo\.bar/, /KAFKA_PROPERTIES/],
  },
  {
    name: 'a property out of its range',
    env: PLAIN,
    event: 'Configuration property "fetch.wait.max.ms" value 99999999 is outside allowed range 0..300000\n',
    log: '',
    code: 'CONFIG_INVALID',
    says: [/property fetch\.wait\.max\.ms/],
  },
  {
    name: 'a mechanism the client was built without',
    env: SASL,
    event: 'No provider for SASL mechanism SCRAM-SHA-512: recompile librdkafka with libsasl2 or openssl support.',
    log: '',
    code: 'LIBRARY_MISSING',
    says: [/libssl-dev/, /npm rebuild node-rdkafka/],
  },
  {
    name: 'a broker that takes the connection and never answers',
    env: PLAIN,
    event: 'broker transport failure',
    log: '',
    code: 'KAFKA_UNREACHABLE',
    says: [/rpk0\.example:9092\) took the connection but did not answer in time/, /KAFKA_SECURITY_PROTOCOL/],
    canRetry: true,
  },
  {
    name: 'anything else is quoted',
    env: PLAIN,
    event: 'the moon is full',
    log: '',
    code: 'KAFKA_UNREACHABLE',
    says: [/rpk0\.example:9092/, /the moon is full/],
    canRetry: true,
  },
];

describe('what the Kafka client says becomes a sentence to act on:', () => {
  for (const { name, env, event, log: text, code, says, canRetry = false } of CASES)
    test(name, () => {
      const eventLogs = text === '' ? [] : [text];
      const error = explainKafkaError({ eventErrors: [event, DOWN], eventLogs }, configOf(env));
      assert.equal(error.code, code);
      assert.equal(error.canRetry, canRetry);
      for (const pattern of says) assert.match(error.message, pattern);
      assert.doesNotMatch(error.message, /hush/);
    });
});
