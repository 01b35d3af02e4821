import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BrokerAdmin, JAVA_OPTIONS, java } from './admin.js';
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

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const SETPRIV = '/usr/bin/setpriv';

/**
 * A real Apache Kafka of one KRaft node on loopback.
 *
 * Running → killed or stopped → running again on the same ports and data. The folder with data, certificates and log goes
 * when this process ends, and so does the broker, however this process ends.
 */
export class KafkaBroker {
  readonly address: BrokerAddress;
  readonly admin: BrokerAdmin;
  /** Holds server.properties, broker.log, the certificates and the data. */
  readonly folder: string;
  #child: ChildProcess | null = null;

  private constructor(folder: string, address: BrokerAddress) {
    this.folder = folder;
    this.address = address;
    this.admin = new BrokerAdmin(address.jars, `127.0.0.1:${address.ports.plain}`);
    process.once('exit', this.#cleanUp);
  }

  /** Fetches the jars where needed, formats a new data folder and starts. */
  static async start(): Promise<KafkaBroker> {
    const jars = await kafkaJars();
    const folder = await mkdtemp(join(tmpdir(), 'kafka-broker-'));
    const certificates = await makeCertificates(folder);
    const [plain, sasl, tls, expired, controller] = (await freePorts(5)) as [number, number, number, number, number];
    const ports = { plain, sasl, tls, expired, controller };
    const broker = new KafkaBroker(folder, { ports, certificates, jars });
    await broker.#format();
    await broker.#launch();
    return broker;
  }

  /** SIGKILL, as a machine that loses its power. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Starts again after {@link kill} on the same ports and data. */
  async restart(): Promise<void> {
    if (this.#child !== null) throw new Error('the broker is still running');
    await this.#launch();
  }

  /** Shuts the broker down and removes everything it left. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    process.off('exit', this.#cleanUp);
    this.#cleanUp();
  }

  async #format(): Promise<void> {
    const { ports, certificates, jars } = this.address;
    const data = join(this.folder, 'data');
    await mkdir(data);
    const file = this.#propertiesFile();
    await writeFile(file, brokerProperties(ports, certificates, data));
    const cluster = (await java(jars, 'kafka.tools.StorageTool', 'random-uuid')).trim();
    const scram = `SCRAM-SHA-512=[name=${SCRAM_USER.name},password=${SCRAM_USER.password}]`;
    await java(jars, 'kafka.tools.StorageTool', 'format', '-t', cluster, '-c', file, '--add-scram', scram);
  }

  async #launch(): Promise<void> {
    const classPath = join(this.address.jars, '*');
    const java = [
      'java',
      ...JAVA_OPTIONS,
      '-Dkafka.log.level=info',
      '-cp',
      classPath,
      'kafka.Kafka',
      this.#propertiesFile(),
    ];
    // The kernel ends the broker with us, even where a SIGKILL leaves us no time to do it.
    const command = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL', ...java] : java;
    const child = spawn(command[0]!, command.slice(1), { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const log = createWriteStream(join(this.folder, 'broker.log'), { flags: 'a' });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    child.once('close', () => log.end());
    await started(child);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const deadline = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    clearTimeout(deadline);
  }

  readonly #cleanUp = (): void => {
    this.#child?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  };

  #propertiesFile(): string {
    return join(this.folder, 'server.properties');
  }
}

/** Resolves at the log's "Kafka Server started"; rejects with the log's end where the process ends or takes too long. */
function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const tail: string[] = [];
    const finish = (failure: string | null): void => {
      clearTimeout(timer);
      child.off('exit', exited);
      if (failure === null) resolve();
      else reject(new Error(`the Kafka broker ${failure}\n${tail.join('\n')}`));
    };
    const exited = (): void => finish('ended while starting');
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      finish('did not start in time');
    }, START_TIMEOUT_MS);
    child.once('exit', exited);
    createInterface({ input: child.stdout! }).on('line', (line) => {
      tail.push(line);
      if (tail.length > 40) tail.shift();
      if (line.includes('Kafka Server started')) finish(null);
    });
  });
}
