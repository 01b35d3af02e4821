import { BrokerAdmin } from './admin.js';
import type { BrokerAddress } from './broker.js';
import { KafkaBroker } from './broker.js';

/** Where {@link ./run.ts} tells the test files of the broker it started for all of them. */
export const BROKER_VARIABLE = 'KAFKA_TEST_BROKER';

export interface SharedBroker {
  readonly address: BrokerAddress;
  readonly admin: BrokerAdmin;
  /** Gives the broker back; it ends only if it was started for this file alone. */
  release(): Promise<void>;
}

/** The run's broker, or one of our own where a test file is run by itself. It must be left running: kill your own. */
export async function sharedBroker(): Promise<SharedBroker> {
  const given = process.env[BROKER_VARIABLE];
  if (given !== undefined) {
    const address = JSON.parse(given) as BrokerAddress;
    return {
      address,
      admin: new BrokerAdmin(address.jars, `127.0.0.1:${address.ports.plain}`),
      release: () => Promise.resolve(),
    };
  }
  const broker = await KafkaBroker.start();
  return { address: broker.address, admin: broker.admin, release: () => broker.stop() };
}
