import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { JAVA_OPTIONS, java } from './admin.js';

const START_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 60_000;
const SETPRIV = '/usr/bin/setpriv';

/** One Kafka process with its folder, which holds server.properties, broker.log and the data. */
export class BrokerNode {
  readonly folder: string;
  readonly #jars: string;
  #child: ChildProcess | null = null;

  constructor(folder: string, jars: string) {
    this.folder = folder;
    this.#jars = jars;
  }

  get running(): boolean {
    return this.#child !== null;
  }

  /** Where its data goes. */
  get data(): string {
    return join(this.folder, 'data');
  }

  get #properties(): string {
    return join(this.folder, 'server.properties');
  }

  /** Writes the properties and formats an empty data folder for `cluster`, an id as `random-uuid` makes one. */
  async format(cluster: string, properties: string, ...more: string[]): Promise<void> {
    await mkdir(this.data, { recursive: true });
    await writeFile(this.#properties, properties);
    await java(this.#jars, 'kafka.tools.StorageTool', 'format', '-t', cluster, '-c', this.#properties, ...more);
  }

  /** Resolves when it has started. */
  async launch(): Promise<void> {
    if (this.#child !== null) throw new Error('the broker is still running');
    const options = [...JAVA_OPTIONS, '-Dkafka.log.level=info', '-cp', join(this.#jars, '*')];
    const java = ['java', ...options, 'kafka.Kafka', this.#properties];
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

  /** Ends it, by SIGKILL where the signal does not in time. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
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

  /** For the moment in which this process ends. */
  endAtOnce(): void {
    this.#child?.kill('SIGKILL');
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
