import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOrThrow } from './command.js';
import { LOG_CONFIGURATION } from './jars.js';

/** Options of every Java process of ours: small, quick to start, logging to stdout. */
export const JAVA_OPTIONS = [
  '-Xmx256m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  `-Dlog4j2.configurationFile=${LOG_CONFIGURATION}`,
];

/** What a person would do with Kafka's own command-line tools; each call starts one and takes about 0.7 s. */
export class BrokerAdmin {
  readonly #jars: string;
  readonly #bootstrap: string;

  /** `bootstrap` is a PLAINTEXT `host:port`. */
  constructor(jars: string, bootstrap: string) {
    this.#jars = jars;
    this.#bootstrap = bootstrap;
  }

  async createTopic(topic: string, partitions: number, config: Readonly<Record<string, string>> = {}): Promise<void> {
    const settings = Object.entries(config).flatMap(([name, value]) => ['--config', `${name}=${value}`]);
    await this.#topics('--create', '--topic', topic, '--partitions', String(partitions), ...settings);
  }

  /** Returns once the broker has forgotten the topic, so that it can be created again. */
  async deleteTopic(topic: string): Promise<void> {
    await this.#topics('--delete', '--topic', topic);
    while ((await this.listTopics()).includes(topic)) await new Promise((resolve) => setTimeout(resolve, 100));
  }

  async listTopics(): Promise<string[]> {
    return lines(await this.#topics('--list'));
  }

  /** Sets properties of a group, which the broker then keeps for it. */
  async alterGroup(group: string, config: Readonly<Record<string, string>>): Promise<void> {
    const settings = Object.entries(config).map(([name, value]) => `${name}=${value}`);
    const of = ['--alter', '--entity-type', 'groups', '--entity-name', group, '--add-config', settings.join(',')];
    await java(this.#jars, 'kafka.admin.ConfigCommand', '--bootstrap-server', this.#bootstrap, ...of);
  }

  /** Raises a topic's number of partitions. */
  async alterPartitions(topic: string, partitions: number): Promise<void> {
    await this.#topics('--alter', '--topic', topic, '--partitions', String(partitions));
  }

  /** Deletes everything below `offset` of one partition, as retention would. */
  async deleteRecords(topic: string, partition: number, offset: number): Promise<void> {
    const offsets = { version: 1, partitions: [{ topic, partition, offset }] };
    await this.#withFile(JSON.stringify(offsets), async (file) => {
      const text = await this.#tool('DeleteRecordsCommand', '--offset-json-file', file);
      // The tool exits with 0 even where a partition failed.
      if (!text.includes('low_watermark:'))
        throw new Error(`records of ${topic}[${partition}] were not deleted\n${text}`);
    });
  }

  /** Committed offsets of a group by partition; a partition without one is absent. */
  async committedOffsets(group: string, topic: string): Promise<Map<number, number>> {
    const text = await this.#groups('--group', group, '--describe', '--offsets');
    const committed = new Map<number, number>();
    for (const line of lines(text)) {
      const [rowGroup, rowTopic, partition, offset] = line.split(/\s+/);
      if (rowGroup === group && rowTopic === topic && offset !== '-') committed.set(Number(partition), Number(offset));
    }
    return committed;
  }

  /** Moves the committed offset of a group that has no members. */
  async resetOffsets(group: string, topic: string, partition: number, offset: number): Promise<void> {
    const position = ['--topic', `${topic}:${partition}`, '--to-offset', String(offset)];
    await this.#groups('--group', group, '--reset-offsets', ...position, '--execute');
  }

  /** Puts the one replica of a topic's only partition on one node, and returns when it is there. */
  async moveTo(topic: string, node: number): Promise<void> {
    const plan = { version: 1, partitions: [{ topic, partition: 0, replicas: [node] }] };
    await this.#withFile(JSON.stringify(plan), async (file) => {
      await this.#tool('reassign.ReassignPartitionsCommand', '--reassignment-json-file', file, '--execute');
      const verify = () =>
        this.#tool('reassign.ReassignPartitionsCommand', '--reassignment-json-file', file, '--verify');
      while (!(await verify()).includes('is completed')) await new Promise((resolve) => setTimeout(resolve, 100));
    });
  }

  /** Leader of each partition by number, -1 where there is none, and the first of its replicas, who is preferred. */
  async leaders(topic: string): Promise<{ leaders: number[]; preferred: number[] }> {
    const text = await this.#topics('--describe', '--topic', topic);
    return {
      leaders: [...text.matchAll(/Leader: (\S+)/g)].map(([, leader]) => (leader === 'none' ? -1 : Number(leader))),
      preferred: [...text.matchAll(/Replicas: (\d+)/g)].map(([, replica]) => Number(replica)),
    };
  }

  /** Gives every partition back to the first of its replicas. */
  async electPreferredLeaders(): Promise<void> {
    await this.#tool('LeaderElectionCommand', '--election-type', 'preferred', '--all-topic-partitions');
  }

  async #withFile(content: string, use: (file: string) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'kafka-admin-'));
    try {
      const file = join(folder, 'input.json');
      await writeFile(file, content);
      await use(file);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** The tool exits with 0 even where it says that it failed; a group that nobody has committed for is no failure. */
  async #groups(...args: string[]): Promise<string> {
    const text = await this.#tool('consumer.group.ConsumerGroupCommand', ...args);
    const [failure] = lines(text).filter((line) => line.startsWith('Error:') && !line.includes('does not exist'));
    if (failure !== undefined) throw new Error(text);
    return text;
  }

  #topics(...args: string[]): Promise<string> {
    return this.#tool('TopicCommand', ...args);
  }

  #tool(name: string, ...args: string[]): Promise<string> {
    return java(this.#jars, `org.apache.kafka.tools.${name}`, '--bootstrap-server', this.#bootstrap, ...args);
  }
}

/** Runs a Java program of the jars to its end; throws with its output where it fails. */
export function java(jars: string, mainClass: string, ...args: string[]): Promise<string> {
  return runOrThrow('java', [...JAVA_OPTIONS, '-cp', join(jars, '*'), mainClass, ...args]);
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
