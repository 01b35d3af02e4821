import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerAdmin, java } from './admin.js';
import { BrokerNode } from './broker-node.js';
import { type BrokerPorts, brokerProperties, SCRAM_USER } from './broker-properties.js';
import { type Certificates, makeCertificates } from './certificates.js';
import { kafkaJars } from './jars.js';
import { freePorts } from './ports.js';

/** All that a test in any process needs to talk to a running broker; plain data, so that it fits into a variable. */
export interface BrokerAddress {
  readonly ports: BrokerPorts;
  readonly certificates: Certificates;
  readonly jars: string;
}

/**
 * A real Apache Kafka of one KRaft node on loopback.
 *
 * Running → killed or stopped → running again on the same ports and data. The folder with data, certificates and log goes
 * when this process ends, and so does the broker, however this process ends.
 */
export class KafkaBroker {
  readonly address: BrokerAddress;
  readonly admin: BrokerAdmin;
  readonly #node: BrokerNode;

  private constructor(node: BrokerNode, address: BrokerAddress) {
    this.#node = node;
    this.address = address;
    this.admin = new BrokerAdmin(address.jars, `127.0.0.1:${address.ports.plain}`);
    process.once('exit', this.#cleanUp);
  }

  /** Holds server.properties, broker.log, the certificates and the data. */
  get folder(): string {
    return this.#node.folder;
  }

  /** Fetches the jars where needed, formats a new data folder and starts. */
  static async start(): Promise<KafkaBroker> {
    const jars = await kafkaJars();
    const folder = await mkdtemp(join(tmpdir(), 'kafka-broker-'));
    const certificates = await makeCertificates(folder);
    const [plain, sasl, tls, expired, controller] = (await freePorts(5)) as [number, number, number, number, number];
    const ports = { plain, sasl, tls, expired, controller };
    const node = new BrokerNode(folder, jars);
    const broker = new KafkaBroker(node, { ports, certificates, jars });
    const cluster = (await java(jars, 'kafka.tools.StorageTool', 'random-uuid')).trim();
    const scram = `SCRAM-SHA-512=[name=${SCRAM_USER.name},password=${SCRAM_USER.password}]`;
    await node.format(cluster, brokerProperties(ports, certificates, node.data), '--add-scram', scram);
    await node.launch();
    return broker;
  }

  /** SIGKILL, as a machine that loses its power. */
  async kill(): Promise<void> {
    await this.#node.end('SIGKILL');
  }

  /** Starts again after {@link kill} on the same ports and data. */
  async restart(): Promise<void> {
    await this.#node.launch();
  }

  /** Shuts the broker down and removes everything it left. */
  async stop(): Promise<void> {
    await this.#node.end('SIGTERM');
    process.off('exit', this.#cleanUp);
    this.#cleanUp();
  }

  readonly #cleanUp = (): void => {
    this.#node.endAtOnce();
    rmSync(this.folder, { recursive: true, force: true });
  };
}
