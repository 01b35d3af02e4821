import uWebSockets from 'uWebSockets.js';
import { type Request, type Response, Server } from 'hyper-express';
import { EngineError, messageOf } from '../errors.js';
import { type About, HEALTH_LIMITS, type HealthAnswer, type HealthLimits, health, live, ready } from './health.js';
import { type Metrics, measureMemoryLimit } from './metrics.js';
import { mirrorStatus } from './mirror-status.js';
import type { EngineStatus } from './status.js';

/** What hyper-express runs on: `native`, or `node:http` where the native module is not installed. */
export const httpTransport: string = uWebSockets.transport;

export interface HttpOptions {
  /** BIND_ADDRESS. */
  readonly bindAddress: string;
  /** HEALTH_CHECK_PORT; 0 takes a free one. */
  readonly healthCheckPort: number;
  /** PROMETHEUS_PORT; 0 takes a free one; the same as the other port serves both on one. */
  readonly prometheusPort: number;
  readonly status: () => EngineStatus;
  /** Partitions that stand still though all around them is well. */
  readonly stuck?: () => readonly string[];
  readonly healthLimits?: HealthLimits;
  readonly metrics: Metrics;
  readonly version: string;
  /** DEPLOYMENT_COLOUR. */
  readonly colour?: string | null;
  /** Routes of the first port that take POST, and nothing else, by path. */
  readonly posts?: ReadonlyMap<string, Handler>;
  /** Further routes of the first port, by path. */
  readonly routes?: ReadonlyMap<string, Handler>;
  /** Told of errors inside a route; the client gets a bare 500. */
  readonly onError?: (error: Error) => void;
}

export interface HttpServers {
  readonly ports: { readonly health: number; readonly prometheus: number };
  /** Answers what is under way, for at most a second, then cuts what is left. */
  close(): Promise<void>;
}

export type Handler = (request: Request, response: Response) => void | Promise<void>;

/** The routes take no body; this is what a client may send before it is cut off. */
const BODY_BYTES_MAX = 16 * 1024;
const CLOSE_GRACE_MS = 1_000;

/**
 * Serves `/live`, `/ready`, `/health` and `/metrics` on one port and `/metrics` on another, for GET and HEAD; `posts` for POST.
 * Rejects with CONFIG_INVALID, naming the variable, where an address cannot be bound; nothing is left listening then.
 */
export async function startHttp(options: HttpOptions): Promise<HttpServers> {
  const { bindAddress, healthCheckPort, prometheusPort } = options;
  const metricsRoutes = new Map<string, Handler>([['/metrics', metricsRoute(options)]]);
  const healthServer = createServer(
    new Map([...healthRoutes(options), ...metricsRoutes, ...(options.routes ?? [])]),
    options,
    options.posts,
  );
  await listen(healthServer, bindAddress, healthCheckPort, 'HEALTH_CHECK_PORT');
  const servers = [healthServer];

  if (prometheusPort === 0 || prometheusPort !== healthCheckPort) {
    const prometheusServer = createServer(metricsRoutes, options);
    servers.push(prometheusServer);
    try {
      await listen(prometheusServer, bindAddress, prometheusPort, 'PROMETHEUS_PORT');
    } catch (error) {
      healthServer.force_close();
      throw error;
    }
  }

  const ports = { health: servers[0]!.port, prometheus: servers.at(-1)!.port };
  return { ports, close: () => Promise.all(servers.map(shutdown)).then(() => undefined) };
}

function healthRoutes(options: HttpOptions): [string, Handler][] {
  const about: About = { version: options.version, httpTransport, colour: options.colour ?? null };
  const { status, stuck = () => [], healthLimits: limits = HEALTH_LIMITS } = options;
  const route = (of: (status: EngineStatus, nowMs: number) => HealthAnswer): Handler => {
    return (_request, response) => sendJson(response, of(status(), Date.now()));
  };
  return [
    ['/live', route((now, nowMs) => live(now, nowMs, stuck(), limits))],
    ['/ready', route((now, nowMs) => ready(now, nowMs, limits))],
    ['/health', route((now, nowMs) => health(now, nowMs, about, stuck(), limits))],
  ];
}

function metricsRoute({ metrics, status }: HttpOptions): Handler {
  return async (_request, response) => {
    mirrorStatus(metrics, status());
    measureMemoryLimit(metrics);
    const text = await metrics.registry.metrics();
    response.header('content-type', metrics.registry.contentType).header('cache-control', 'no-store').send(text);
  };
}

function sendJson(response: Response, { code, body }: { code: number; body: Record<string, unknown> }): void {
  response.status(code).header('cache-control', 'no-store').json(body);
}

function createServer(
  routes: ReadonlyMap<string, Handler>,
  { onError }: HttpOptions,
  posts: ReadonlyMap<string, Handler> = new Map(),
): Server {
  // Signals are the engine's: hyper-express would close under it on SIGTERM.
  const server = new Server({ auto_close: false, fast_abort: true, max_body_length: BODY_BYTES_MAX });
  server.set_error_handler((_request, response, error) => {
    onError?.(error);
    if (!response.completed) sendJson(response, { code: 500, body: { error: 'internal error' } });
  });
  server.set_not_found_handler((_request, response) => {
    sendJson(response, { code: 404, body: { error: 'not found', routes: [...routes.keys()] } });
  });
  for (const [path, handler] of routes) {
    server.get(path, handler);
    server.head(path, handler);
    server.any(path, (_request, response) => {
      refuseMethod(response, 'GET, HEAD');
    });
  }
  for (const [path, handler] of posts) {
    server.post(path, handler);
    server.any(path, (_request, response) => {
      refuseMethod(response, 'POST');
    });
  }
  return server;
}

function refuseMethod(response: Response, allowed: string): void {
  response.header('allow', allowed);
  sendJson(response, { code: 405, body: { error: 'method not allowed' } });
}

async function listen(server: Server, address: string, port: number, variable: string): Promise<void> {
  try {
    await server.listen(port, address);
  } catch (error) {
    const cause = server.uws_instance.listenError ?? error;
    throw new EngineError('CONFIG_INVALID', bindFailure(cause, address, port, variable), { cause });
  }
}

function bindFailure(cause: unknown, address: string, port: number, variable: string): string {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return `${variable}=${port} is in use on ${address}: free it, choose another port, or 0 for any free one.`;
    case 'EACCES':
      return `${variable}=${port} may not be bound by this user: choose a port above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `BIND_ADDRESS=${address} is no address of this machine: choose one that is, or 0.0.0.0 for all.`;
    default:
      return `${variable}=${port} cannot be bound on BIND_ADDRESS=${address}, most likely because it is in use: ${messageOf(cause)}`;
  }
}

async function shutdown(server: Server): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_GRACE_MS);
  });
  await Promise.race([server.shutdown(), grace]);
  clearTimeout(timer);
  server.force_close();
}
