import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type TestDatabase, testDatabase } from '../support/database.js';
import type { BrokerAddress } from './broker.js';
import { PLAIN_USER, SCRAM_USER } from './broker-properties.js';
import type { CommandResult } from './command.js';
import { plainEnvironment, saslEnvironment, tlsEnvironment, without } from './engine-environment.js';
import { type EngineEnvironment, runCommand } from './engine-process.js';
import { freePorts } from './ports.js';
import { type SharedBroker, sharedBroker } from './shared-broker.js';

const TOPIC = 'refusals.dextrades.proto';
const WRONG_PASSWORD = 'not-the-password';
/** A refused user must not be left waiting; the client's own connect timeout is a quarter of this. */
const LIMIT_MS = 120_000;
const NO_ANSWER = /did not answer in time|no answer within/;

interface Refusal {
  /** Goes on from "says what to do about …". */
  readonly about: string;
  environment(address: BrokerAddress): EngineEnvironment | Promise<EngineEnvironment>;
  /** All of them must be in what the command prints. */
  readonly says: readonly RegExp[];
}

const at = (port: number): EngineEnvironment => ({ KAFKA_BROKERS: `127.0.0.1:${port}` });

const REFUSALS: readonly Refusal[] = [
  {
    about: 'a wrong password with SCRAM',
    environment: (broker) => ({ ...saslEnvironment(broker, 'SCRAM-SHA-512'), KAFKA_PASSWORD: WRONG_PASSWORD }),
    says: [/KAFKA_PASSWORD/, /KAFKA_SASL_MECHANISM/],
  },
  {
    about: 'a wrong password with PLAIN',
    environment: (broker) => ({ ...saslEnvironment(broker, 'PLAIN'), KAFKA_PASSWORD: WRONG_PASSWORD }),
    says: [/KAFKA_PASSWORD/, /KAFKA_SASL_MECHANISM/],
  },
  {
    about: 'a mechanism the broker does not offer',
    environment: (broker) => ({ ...saslEnvironment(broker, 'SCRAM-SHA-512'), KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256' }),
    says: [/KAFKA_SASL_MECHANISM/, /SCRAM-SHA-256/, /SCRAM-SHA-512/],
  },
  {
    about: 'a user that exists under the other mechanism only',
    environment: (broker) => ({ ...saslEnvironment(broker, 'SCRAM-SHA-512'), KAFKA_SASL_MECHANISM: 'PLAIN' }),
    says: [/KAFKA_SASL_MECHANISM/, /SCRAM-SHA-512/],
  },
  {
    about: 'a login on a port that takes none',
    environment: (broker) => ({ ...saslEnvironment(broker, 'PLAIN'), ...at(broker.ports.plain) }),
    says: [/takes no logins/, /KAFKA_SECURITY_PROTOCOL/],
  },
  {
    about: 'no login on a port that wants one',
    environment: (broker) => ({ ...plainEnvironment(broker), ...at(broker.ports.sasl) }),
    says: [/does not log in/, /KAFKA_SECURITY_PROTOCOL/],
  },
  {
    about: 'TLS on a port without it',
    environment: (broker) => ({ ...tlsEnvironment(broker, 'PLAIN'), ...at(broker.ports.sasl) }),
    says: [/does not speak TLS/, /KAFKA_SECURITY_PROTOCOL/],
  },
  {
    about: 'no TLS on a port that wants it',
    environment: (broker) => ({ ...saslEnvironment(broker, 'PLAIN'), ...at(broker.ports.tls) }),
    says: [/client without TLS/, /KAFKA_SECURITY_PROTOCOL/],
  },
  {
    about: 'a port where nothing listens',
    environment: async (broker) => ({ ...plainEnvironment(broker), ...at((await freePorts(1))[0]!) }),
    says: [/KAFKA_BROKERS/, /127\.0\.0\.1:\d+/],
  },
  {
    about: 'a host name nobody knows',
    environment: (broker) => ({ ...plainEnvironment(broker), KAFKA_BROKERS: 'kafka.invalid:9092' }),
    says: [/KAFKA_BROKERS/, /kafka\.invalid/],
  },
  {
    about: 'a broker certificate of an unknown authority',
    environment: (broker) => ({
      ...tlsEnvironment(broker, 'PLAIN'),
      KAFKA_CA_CERT_PATH: broker.certificates.otherCa,
    }),
    says: [/KAFKA_CA_CERT_PATH/],
  },
  {
    about: 'an expired broker certificate',
    environment: (broker) => ({ ...tlsEnvironment(broker, 'PLAIN'), ...at(broker.ports.expired) }),
    says: [/certificate/, /expired/],
  },
  {
    about: 'a missing client certificate',
    environment: (broker) =>
      without(tlsEnvironment(broker, 'PLAIN'), 'KAFKA_CLIENT_CERT_PATH', 'KAFKA_CLIENT_KEY_PATH'),
    says: [/KAFKA_CLIENT_CERT_PATH/],
  },
  {
    about: 'a client certificate of an unknown authority',
    environment: (broker) => ({
      ...tlsEnvironment(broker, 'PLAIN'),
      KAFKA_CLIENT_CERT_PATH: broker.certificates.strangeClient.certificate,
      KAFKA_CLIENT_KEY_PATH: broker.certificates.strangeClient.key,
    }),
    says: [/KAFKA_CLIENT_CERT_PATH/],
  },
  {
    about: 'a topic that is not there',
    environment: (broker) => ({ ...plainEnvironment(broker), KAFKA_TOPIC: 'nowhere.dextrades.proto' }),
    says: [/KAFKA_TOPIC/, /nowhere\.dextrades\.proto/],
  },
];

// Four at a time: most of each is waiting for a connection that never comes.
describe('a connection that the broker refuses', { concurrency: 4 }, () => {
  let broker: SharedBroker;
  let database: TestDatabase;

  before(async () => {
    [broker, database] = await Promise.all([sharedBroker(), testDatabase()]);
    await broker.admin.createTopic(TOPIC, 1);
  });
  after(async () => {
    await database.drop();
    await broker.release();
  });

  for (const command of ['check', 'start']) {
    for (const { about, environment, says } of REFUSALS) {
      test(`\`${command}\` says what to do about ${about}`, async () => {
        const variables = {
          KAFKA_TOPIC: TOPIC,
          KAFKA_GROUP_ID: 'bob-refusals',
          DATABASE_URL: database.url,
          ...(await environment(broker.address)),
        };
        const deadline = Date.now() + LIMIT_MS;
        let result: CommandResult;
        let printed: string;
        do {
          result = await runCommand(command, variables, LIMIT_MS);
          printed = `${result.stdout}\n${result.stderr}`;
          // A busy broker is not heard in time, and what it would have refused is not known: it is asked again.
        } while (NO_ANSWER.test(printed) && !says.every((one) => one.test(printed)) && Date.now() < deadline);
        assert.ok(!result.timedOut, `it was still running after ${LIMIT_MS} ms\n${printed}`);
        assert.ok(result.code !== 0 && result.code !== null, `exit code ${result.code} ${result.signal}\n${printed}`);
        for (const expected of says) assert.match(printed, expected);
        for (const secret of [WRONG_PASSWORD, PLAIN_USER.password, SCRAM_USER.password])
          assert.ok(!printed.includes(secret), `a password was printed\n${printed}`);
      });
    }
  }
});
