import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePorts } from '../kafka/ports.js';
import { until } from '../kafka/until.js';
import { makeCertificate } from '../support/certificate.js';
import { KUSTOMIZE, type Manifest, manifestsOf, NO_KUSTOMIZE } from '../support/kubernetes/manifests.js';

/** What `.ci/apiserver` makes: kube-apiserver, etcd, and the definitions of the operators' kinds in crds/. */
const FOLDER = process.env.APISERVER_FOLDER ?? '';
const NAME = 'kube-apiserver';
const TOKEN = 'of-an-administrator';
const ANSWER_TIMEOUT_MS = 30_000;

/** Why no API server can run here, false where it can. With APISERVER_REQUIRED set it is to run all the same. */
export function withoutApiserver(): string | false {
  const found = ['kube-apiserver', 'etcd', 'crds'].every((name) => existsSync(join(FOLDER, name)));
  if (process.env.APISERVER_REQUIRED) return false;
  if (found) return KUSTOMIZE === null && NO_KUSTOMIZE;
  return 'APISERVER_FOLDER is no folder with a kube-apiserver and an etcd: APISERVER_FOLDER=$(bash .ci/apiserver)';
}

/** An object as the server has it. */
export interface Stored extends Manifest {
  readonly metadata: Manifest['metadata'] & { readonly resourceVersion: string; readonly uid: string };
}

export interface Answer {
  readonly status: number;
  readonly body: Stored & { readonly message?: string };
  /** What `kubectl` would print after "Warning:". */
  readonly warnings: readonly string[];
}

export interface ApplyOptions {
  readonly dryRun?: boolean;
  /** Who says so: what two of them say differently is a conflict. */
  readonly manager?: string;
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

interface Definition {
  readonly group: string;
  readonly names: { readonly plural: string };
  readonly versions: readonly [{ readonly name: string }];
}

/**
 * A kube-apiserver with an etcd, both of our own: everything that decides whether an object is taken, and nothing that acts on it. No
 * controller, scheduler or kubelet.
 */
export class ApiServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'apiserver-'));
  readonly #children: ChildProcess[] = [];
  readonly #resources = new Map<string, Promise<readonly Resource[]>>();
  #agent = new Agent();
  #port = 0;
  #output = '';

  static async start(): Promise<ApiServer> {
    const server = new ApiServer();
    try {
      await server.#start();
      await server.#defineKinds();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    for (const child of this.#children.splice(0).reverse()) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async version(): Promise<string> {
    return (await this.#ask<{ gitVersion: string }>('GET', '/version')).body.gitVersion;
  }

  /** Sends a manifest as `kubectl apply --server-side` does: a mistake in the name of a field is one, unlike by default. */
  async apply(
    yaml: string,
    namespace: string,
    { dryRun = false, manager = 'test' }: ApplyOptions = {},
  ): Promise<Answer> {
    const [manifest] = manifestsOf(yaml);
    const query = new URLSearchParams({ fieldManager: manager, fieldValidation: 'Strict' });
    if (dryRun) query.set('dryRun', 'All');
    return this.#ask(
      'PATCH',
      `${await this.pathOf(manifest!, namespace)}?${query}`,
      yaml,
      'application/apply-patch+yaml',
    );
  }

  /** Creates what has no name to apply it by: the pod that a controller would make. */
  async create(path: string, object: object): Promise<Answer> {
    const query = 'dryRun=All&fieldValidation=Strict';
    return this.#ask('POST', `${path}?${query}`, JSON.stringify(object), 'application/json');
  }

  /** Creates an object under `path`, or replaces the one that is there, as `kubectl create` and `kubectl replace` do. */
  async write(method: 'POST' | 'PUT', path: string, json: string): Promise<Answer> {
    return this.#ask(method, `${path}?fieldValidation=Strict`, json, 'application/json');
  }

  async get(path: string): Promise<Answer> {
    return this.#ask('GET', path);
  }

  /** Changes these fields and no others, as whoever else is at work in a cluster does. */
  async merge(path: string, fields: object): Promise<Answer> {
    return this.#ask('PATCH', path, JSON.stringify(fields), 'application/merge-patch+json');
  }

  async pathOf({ apiVersion, kind, metadata }: Manifest, namespace: string): Promise<string> {
    const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const known = await this.#resourcesOf(group);
    const resource = known.find((one) => one.kind === kind && !one.name.includes('/'));
    if (resource === undefined) throw new Error(`the server knows no ${kind} of ${apiVersion}`);
    return `${group}${resource.namespaced ? `/namespaces/${namespace}` : ''}/${resource.name}/${metadata.name}`;
  }

  #resourcesOf(group: string): Promise<readonly Resource[]> {
    const known = this.#resources.get(group);
    if (known !== undefined) return known;
    const asked = this.#ask<{ resources: readonly Resource[] }>('GET', group).then(({ status, body }) => {
      if (status !== 200) throw new Error(`${group}: ${JSON.stringify(body)}`);
      return body.resources;
    });
    this.#resources.set(group, asked);
    return asked;
  }

  async #start(): Promise<void> {
    const [client = 0, peer = 0, secure = 0] = await freePorts(3);
    const etcd = `http://127.0.0.1:${client}`;
    const peers = `http://127.0.0.1:${peer}`;
    const { certificate, key } = makeCertificate({ name: NAME });
    const accounts = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    this.#agent = new Agent({ keepAlive: true, ca: certificate, servername: NAME });
    this.#port = secure;
    this.#run('etcd', {
      'data-dir': join(this.#folder, 'etcd'),
      'listen-client-urls': etcd,
      'advertise-client-urls': etcd,
      'listen-peer-urls': peers,
      'initial-advertise-peer-urls': peers,
      'initial-cluster': `default=${peers}`,
      'unsafe-no-fsync': 'true',
      'log-level': 'error',
    });
    this.#run('kube-apiserver', {
      'etcd-servers': etcd,
      'bind-address': '127.0.0.1',
      'advertise-address': '127.0.0.1',
      // It would offer itself to pods at that address, and pods can't reach a loopback.
      'endpoint-reconciler-type': 'none',
      'secure-port': String(secure),
      'tls-cert-file': this.#file('server.pem', certificate),
      'tls-private-key-file': this.#file('server.key', key),
      'token-auth-file': this.#file('tokens.csv', `${TOKEN},administrator,1,system:masters\n`),
      'authorization-mode': 'AlwaysAllow',
      'anonymous-auth': 'false',
      'service-cluster-ip-range': '10.0.0.0/24',
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': this.#file('accounts.pem', accounts.publicKey),
      'service-account-signing-key-file': this.#file('accounts.key', accounts.privateKey),
    });
    await until('kube-apiserver is ready', async () => (await this.#isReady()) === 200, {
      timeoutMs: 120_000,
      explain: () => this.#output.slice(-8_000),
      hopeless: () => this.#children.some(({ pid, exitCode }) => pid === undefined || exitCode !== null),
    });
  }

  #isReady(): Promise<number | undefined> {
    return this.#ask('GET', '/readyz').then(
      ({ status }) => status,
      () => undefined,
    );
  }

  #file(name: string, content: string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  #run(program: string, flags: Readonly<Record<string, string>>): void {
    const child = spawn(
      join(FOLDER, program),
      Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      { cwd: this.#folder, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#children.push(child);
    child.on('error', ({ message }) => {
      this.#output += `${message}\n`;
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        this.#output = (this.#output + chunk).slice(-100_000);
      });
  }

  /** The kinds of the operators that the overlays make objects of. Each is listed, and answered for, a while after it is taken. */
  async #defineKinds(): Promise<void> {
    for (const name of readdirSync(join(FOLDER, 'crds'))) {
      const yaml = readFileSync(join(FOLDER, 'crds', name), 'utf8');
      const { status, body } = await this.apply(yaml, '');
      if (status !== 201) throw new Error(`${name}: ${body.message}`);
      const { group, names, versions } = body.spec as unknown as Definition;
      const path = `/apis/${group}/${versions[0].name}`;
      await until(`${names.plural} of ${group} are served`, async () => {
        const listed = await this.#ask<{ resources?: readonly Resource[] }>('GET', path);
        const known = listed.body.resources?.some((one) => one.name === names.plural);
        return known === true && (await this.get(`${path}/${names.plural}`)).status === 200;
      });
    }
  }

  async #ask<T = Answer['body']>(
    method: string,
    path: string,
    body?: string,
    type?: string,
  ): Promise<Omit<Answer, 'body'> & { readonly body: T }> {
    const asked = request({
      agent: this.#agent,
      host: '127.0.0.1',
      port: this.#port,
      method,
      path,
      headers: { authorization: `Bearer ${TOKEN}`, ...(type === undefined ? {} : { 'content-type': type }) },
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    asked.end(body);
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const said = await text(answer);
    const json = answer.headers['content-type']?.startsWith('application/json') === true;
    return {
      status: answer.statusCode ?? 0,
      body: (json ? JSON.parse(said) : { message: said }) as T,
      warnings: answer.headersDistinct.warning ?? [],
    };
  }
}
