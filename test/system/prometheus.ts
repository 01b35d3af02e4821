import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { freePort } from '../../src/commands/demo/free-port.js';
import type { EngineProcess } from '../kafka/engine-process.js';
import { until } from '../kafka/until.js';
import { type Shortening, shorterRules } from './shorter-rules.js';

const CONFIGS = new URL('../../../deployment/configs/', import.meta.url);
const FIRST_PORT = 19_090;
/** A scrape that comes late begins an alert's wait anew. */
const ALERT_TIMEOUT_MS = 300_000;

export type Job = 'engine' | 'lag-exporter';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Alert {
  readonly name: string;
  readonly state: 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: [number, string];
  readonly values?: [number, string][];
}

/** Why no Prometheus can run here, false where it can. With PROMTOOL_REQUIRED set, which is in the same package, it is to run all the same. */
export function withoutPrometheus(env: NodeJS.ProcessEnv = process.env): string | false {
  if (env.PROMTOOL_REQUIRED || spawnSync('prometheus', ['--version']).status === 0) return false;
  return 'prometheus is not installed (Debian: apt-get install prometheus)';
}

/** Where a process serves /metrics, once it says so. */
export async function metricsPort(process: EngineProcess): Promise<number> {
  const found = (): string | undefined => /"http\.ports":(?:\[|\{[^}]*"prometheus":)(\d+)/.exec(process.output)?.[1];
  await until('the process names its ports', () => found() !== undefined, {
    explain: () => process.output,
    hopeless: () => !process.running,
  });
  return Number(found());
}

/**
 * A real Prometheus with the shipped configuration and rules. What differs: it looks once a second, finds its targets in a file
 * in place of a DNS, and its rules wait as much shorter as it is told.
 */
export class Prometheus {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #url: string;
  #output = '';

  private constructor(child: ChildProcess, folder: string, url: string) {
    this.#child = child;
    this.#folder = folder;
    this.#url = url;
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
  }

  static async start(shortening: Shortening): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
    const port = await freePort(FIRST_PORT);
    const shipped = (file: string): string => readFileSync(new URL(file, CONFIGS), 'utf8');
    writeFileSync(join(folder, 'prometheus_rules.yml'), shorterRules(shipped('prometheus_rules.yml'), shortening));
    writeFileSync(join(folder, 'prometheus.yml'), quickConfig(shipped('prometheus.yml'), folder));
    const child = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const prometheus = new Prometheus(child, folder, `http://127.0.0.1:${port}`);
    prometheus.scrape({});
    await until('Prometheus is ready', () => prometheus.#ready(), {
      explain: () => prometheus.#output,
      hopeless: () => child.exitCode !== null,
    });
    return prometheus;
  }

  /** From now on these are the targets. What those that are left out told ends. */
  scrape(ports: Partial<Record<Job, readonly number[]>>): void {
    for (const job of ['engine', 'lag-exporter'] as const) {
      const targets = [{ targets: (ports[job] ?? []).map((port) => `127.0.0.1:${port}`) }];
      const path = join(this.#folder, `${job}.json`);
      writeFileSync(`${path}.new`, JSON.stringify(targets));
      renameSync(`${path}.new`, path); // it must never see half a file
    }
  }

  /** The samples an expression has now. */
  async query(expression: string): Promise<Sample[]> {
    const series = await this.#ask('query', { query: expression });
    return series.map(({ metric, value }) => ({ labels: metric, value: Number(value?.[1]) }));
  }

  /** What an expression of one series was at each second between two moments, Unix seconds; null where it was nothing. */
  async history(expression: string, from: number, to: number): Promise<(number | null)[]> {
    const [start, end] = [Math.ceil(from), Math.floor(to)];
    const [series] = await this.#ask('query_range', {
      query: expression,
      start: String(start),
      end: String(end),
      step: '1',
    });
    const found = new Map((series?.values ?? []).map(([at, value]) => [at, Number(value)]));
    return Array.from({ length: end - start + 1 }, (_, i) => found.get(start + i) ?? null);
  }

  /** Waits until an expression of one series is a number; undefined: nothing at all. */
  async sees(expression: string, wanted: number | undefined): Promise<void> {
    let last: Sample[] = [];
    await until(
      `${expression} is ${wanted}`,
      async () => {
        last = await this.query(expression);
        return wanted === undefined ? last.length === 0 : last.length === 1 && last[0]?.value === wanted;
      },
      { explain: () => `it was ${JSON.stringify(last)} at last\n${this.#output}` },
    );
  }

  async alerts(): Promise<Alert[]> {
    const { data } = await this.#get<{ data: { alerts: AlertBody[] } }>('alerts');
    return data.alerts.map(({ labels, annotations, state }) => {
      const { alertname = '', ...rest } = labels;
      return { name: alertname, state, labels: rest, summary: annotations.summary ?? '' };
    });
  }

  async firing(): Promise<string[]> {
    const firing = (await this.alerts()).filter(({ state }) => state === 'firing');
    return [...new Set(firing.map(({ name }) => name))].sort();
  }

  /** Waits until an alert fires that has these labels; answers what it says. */
  async fires(name: string, labels: Readonly<Record<string, string>> = {}): Promise<string> {
    let found: Alert | undefined;
    let last: readonly Alert[] = [];
    await until(
      `${name} fires`,
      async () => {
        last = await this.alerts();
        found = last.find(
          (alert) =>
            alert.name === name &&
            alert.state === 'firing' &&
            Object.entries(labels).every(([label, value]) => alert.labels[label] === value),
        );
        return found !== undefined;
      },
      { timeoutMs: ALERT_TIMEOUT_MS, explain: () => JSON.stringify(last, null, 1) },
    );
    return found!.summary;
  }

  /** Waits until none of these fires any more. */
  async resolves(...names: readonly string[]): Promise<void> {
    let last: readonly string[] = [];
    await until(
      `${names.join(', ')} no longer fires`,
      async () => {
        last = await this.firing();
        return !last.some((name) => names.includes(name));
      },
      { timeoutMs: ALERT_TIMEOUT_MS, explain: () => `at last ${last.join(', ')} fired` },
    );
  }

  /** Where it is, without a slash in the end. */
  get url(): string {
    return this.#url;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'exit');
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ready(): Promise<boolean> {
    return (await fetch(`${this.#url}/-/ready`).catch(() => null))?.ok ?? false;
  }

  async #ask(endpoint: string, parameters: Readonly<Record<string, string>>): Promise<readonly Series[]> {
    const { data } = await this.#get<{ data: { result: Series[] } }>(`${endpoint}?${new URLSearchParams(parameters)}`);
    return data.result;
  }

  async #get<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.#url}/api/v1/${path}`);
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}

interface AlertBody {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

interface Config {
  readonly global: object;
  readonly scrape_configs: readonly { readonly job_name: string }[];
}

function quickConfig(text: string, folder: string): string {
  const config = parse(text) as Config;
  return stringify({
    ...config,
    global: { ...config.global, scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    scrape_configs: config.scrape_configs
      .filter((one) => 'dns_sd_configs' in one)
      .map(({ job_name }) => ({
        job_name,
        file_sd_configs: [{ files: [join(folder, `${job_name}.json`)], refresh_interval: '1s' }],
      })),
  });
}
