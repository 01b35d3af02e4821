import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerAdmin, java } from './admin.js';
import type { BrokerAddress } from './broker.js';
import { BrokerNode } from './broker-node.js';
import { SMALL_AND_QUICK, text } from './broker-properties.js';
import { kafkaJars } from './jars.js';
import { freePorts } from './ports.js';
import { SlowProxy } from './slow-proxy.js';

const NODES = [1, 2] as const;

export type NodeId = (typeof NODES)[number];

/**
 * Two Kafka nodes on loopback, PLAINTEXT only, topics on both. Node 1 is the controller too and stays; node 2 can be killed
 * and started again. Each is also reached through a proxy, and who comes that way is sent on through the proxies.
 */
export class KafkaCluster {
  readonly admin: BrokerAdmin;
  /** Of node 1. */
  readonly address: BrokerAddress;
  readonly #nodes: ReadonlyMap<NodeId, BrokerNode>;
  readonly #proxies: readonly SlowProxy[];
  readonly #folder: string;

  private constructor(
    folder: string,
    nodes: ReadonlyMap<NodeId, BrokerNode>,
    proxies: readonly SlowProxy[],
    address: BrokerAddress,
  ) {
    this.#folder = folder;
    this.#nodes = nodes;
    this.#proxies = proxies;
    this.address = address;
    this.admin = new BrokerAdmin(address.jars, `127.0.0.1:${address.ports.plain}`);
    process.once('exit', this.#cleanUp);
  }

  static async start(): Promise<KafkaCluster> {
    const jars = await kafkaJars();
    const folder = await mkdtemp(join(tmpdir(), 'kafka-cluster-'));
    const id = (await java(jars, 'kafka.tools.StorageTool', 'random-uuid')).trim();
    const [controller, ...ports] = (await freePorts(1 + 2 * NODES.length)) as [number, ...number[]];
    const nodes = new Map<NodeId, BrokerNode>();
    const proxies: SlowProxy[] = [];
    for (const [index, number] of NODES.entries()) {
      const [plain, behindProxy] = [ports[2 * index]!, ports[2 * index + 1]!];
      const proxy = await SlowProxy.listen(behindProxy);
      proxies.push(proxy);
      const node = new BrokerNode(join(folder, `node-${number}`), jars);
      nodes.set(number, node);
      const listeners = { plain, behindProxy, proxy: proxy.port, controller };
      await node.format(id, nodeProperties(number, listeners, node.data));
    }
    // The certificates are for listeners that these nodes do not have.
    const certificates = {} as BrokerAddress['certificates'];
    const address = { ports: { plain: ports[0]!, sasl: 0, tls: 0, expired: 0, controller }, certificates, jars };
    const cluster = new KafkaCluster(folder, nodes, proxies, address);
    await Promise.all([...nodes.values()].map((node) => node.launch()));
    return cluster;
  }

  /** Both nodes through their proxies, for KAFKA_BROKERS. */
  get slowBrokers(): string {
    return this.#proxies.map(({ port }) => `127.0.0.1:${port}`).join(',');
  }

  get proxies(): readonly SlowProxy[] {
    return this.#proxies;
  }

  /** SIGKILL. */
  kill(node: NodeId): Promise<void> {
    return this.#nodes.get(node)!.end('SIGKILL');
  }

  restart(node: NodeId): Promise<void> {
    return this.#nodes.get(node)!.launch();
  }

  /** Starts what a test that failed left dead. */
  async restartAll(): Promise<void> {
    for (const node of this.#nodes.values()) if (!node.running) await node.launch();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
    // A node that shuts down in order waits for the other; nothing here is worth that.
    await Promise.all([...this.#nodes.values()].map((node) => node.end('SIGKILL')));
    process.off('exit', this.#cleanUp);
    this.#cleanUp();
  }

  readonly #cleanUp = (): void => {
    for (const node of this.#nodes.values()) node.endAtOnce();
    rmSync(this.#folder, { recursive: true, force: true });
  };
}

interface Listeners {
  readonly plain: number;
  readonly behindProxy: number;
  /** What clients of the listener behind the proxy are told. */
  readonly proxy: number;
  readonly controller: number;
}

function nodeProperties(id: NodeId, { plain, behindProxy, proxy, controller }: Listeners, data: string): string {
  const listeners = [`PLAIN://127.0.0.1:${plain}`, `PROXIED://127.0.0.1:${behindProxy}`];
  if (id === 1) listeners.push(`CONTROLLER://127.0.0.1:${controller}`);
  return text({
    'process.roles': id === 1 ? 'broker,controller' : 'broker',
    'node.id': id,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAIN',
    listeners: listeners.join(','),
    'advertised.listeners': `PLAIN://127.0.0.1:${plain},PROXIED://127.0.0.1:${proxy}`,
    'listener.security.protocol.map': 'PLAIN:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': data,
    ...SMALL_AND_QUICK,
    // A busy machine must not make a node pass for dead that nobody killed.
    'broker.session.timeout.ms': 6_000,
    'broker.heartbeat.interval.ms': 500,
    'default.replication.factor': NODES.length,
    'offsets.topic.replication.factor': NODES.length,
    // One, so that the group's coordinator is where this partition is.
    'offsets.topic.num.partitions': 1,
  });
}
