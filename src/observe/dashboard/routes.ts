import type { Request, Response } from 'hyper-express';
import type { Handler } from '../http.js';
import type { Access } from './access.js';
import type { EventHub, EventStream } from './event-hub.js';
import type { Page } from './page-files.js';

export interface RouteOptions {
  readonly access: Access;
  readonly hub: EventHub;
  readonly page: Page;
  readonly login: Page;
  /** Body of `/api/status`, and of the first event of a stream. */
  readonly report: () => Promise<string>;
  readonly now?: () => number;
}

/** After this long a browser whose stream ended comes back. */
const RECONNECT_MS = 1_000;

/** `/`, `/events` and `/api/status`. Where a token is set, whoever did not show it gets 401 and nothing else. */
export function dashboardRoutes(options: RouteOptions): ReadonlyMap<string, Handler> {
  return new Map<string, Handler>([
    ['/', (request, response) => sendPage(request, response, options)],
    ['/api/status', (request, response) => sendStatus(request, response, options)],
    ['/events', (request, response) => openStream(request, response, options)],
  ]);
}

function sendPage(request: Request, response: Response, { access, page, login, now = Date.now }: RouteOptions): void {
  const { token } = request.query_parameters as { token?: unknown };
  const cookie = (): string => access.sessionCookie(now(), request.headers['x-forwarded-proto'] === 'https');
  if (access.required && typeof token === 'string' && access.matches(token)) {
    // Out of the address and the history with it; the cookie does from here on.
    plain(response, 303).header('location', './').header('set-cookie', cookie()).send();
    return;
  }
  const granted = access.grant(credentialsOf(request), now());
  if (granted === null) {
    challenge(response);
    sendHtml(response, 401, login);
    return;
  }
  if (granted === 'bearer') response.header('set-cookie', cookie());
  sendHtml(response, 200, page);
}

async function sendStatus(request: Request, response: Response, options: RouteOptions): Promise<void> {
  if (refused(request, response, options)) return;
  const body = await options.report();
  if (!response.completed) plain(response, 200).header('content-type', 'application/json; charset=utf-8').send(body);
}

async function openStream(request: Request, response: Response, options: RouteOptions): Promise<void> {
  if (refused(request, response, options)) return;
  const { hub } = options;
  if (hub.full) {
    plain(response, 503).header('retry-after', '5').json({ error: 'too many watch already; ask /api/status instead' });
    return;
  }
  plain(response, 200).header('content-type', 'text/event-stream; charset=utf-8').header('x-accel-buffering', 'no');
  if (request.method === 'HEAD') {
    response.send();
    return;
  }
  const stream = streamOn(response);
  // Counted before the first await: many at once are no more than the hub takes.
  hub.add(stream);
  response.once('close', () => hub.remove(stream));
  response.write(`retry: ${RECONNECT_MS}\n\n`);
  const body = await options.report();
  if (!response.completed) stream.send('report', body);
}

function streamOn(response: Response): EventStream {
  return {
    send(event, data) {
      // JSON has no line ends, so one data line holds it.
      if (!response.completed) response.write(`event: ${event}\ndata: ${data}\n\n`);
    },
    get waiting() {
      return response.writableLength;
    },
    end() {
      if (response.completed) return;
      if (response.writableLength === 0) response.send();
      else response.close();
    },
    cut() {
      if (!response.completed) response.close();
    },
  };
}

function refused(request: Request, response: Response, { access, now = Date.now }: RouteOptions): boolean {
  if (access.grant(credentialsOf(request), now()) !== null) return false;
  challenge(response);
  plain(response, 401).json({ error: 'a token is wanted: Authorization: Bearer …' });
  return true;
}

function credentialsOf({ headers }: Request): { authorization: string | undefined; cookie: string | undefined } {
  return { authorization: headers.authorization, cookie: headers.cookie };
}

function challenge(response: Response): void {
  response.header('www-authenticate', 'Bearer realm="dashboard"');
}

function sendHtml(response: Response, code: number, { html, contentSecurityPolicy }: Page): void {
  plain(response, code)
    .header('content-type', 'text/html; charset=utf-8')
    .header('content-security-policy', contentSecurityPolicy)
    .header('x-frame-options', 'DENY')
    .send(html);
}

function plain(response: Response, code: number): Response {
  return response
    .status(code)
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .header('cross-origin-resource-policy', 'same-origin');
}
