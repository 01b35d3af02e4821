import { connect } from 'node:net';
import { Access } from '../../src/observe/dashboard/access.js';
import { EventHub } from '../../src/observe/dashboard/event-hub.js';
import { dashboardPage, loginPage } from '../../src/observe/dashboard/page-files.js';
import { dashboardRoutes } from '../../src/observe/dashboard/routes.js';
import { type HttpServers, startHttp } from '../../src/observe/http.js';
import { createMetrics } from '../../src/observe/metrics.js';
import { engineStatus } from '../observe/fixtures.js';
import { RandomSource } from './random-source.js';
import { caseSeed, type FuzzTarget, shown } from './target.js';

const ANSWER_TIMEOUT_MS = 60_000;
const ROUTES = ['/live', '/ready', '/health', '/metrics', '/', '/?token=no', '/api/status', '/events'] as const;
/** Of a server that is well and was asked anything at all. */
const STATUSES = new Set([200, 400, 401, 404, 405, 408, 413, 417, 431, 501, 505]);
const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PRI',
  'get',
  'G\u0000T',
  '',
] as const;
const TARGETS = [
  ...ROUTES,
  ...[
    '/',
    '*',
    '//',
    '/live/',
    '/live?',
    '/live?a=b&a=%zz',
    '/%6cive',
    '/live%00',
    '/../../etc/passwd',
    '/..%2f..%2f',
    '/live#x',
  ],
  ...[
    'http://other/live',
    'http://:x@/live',
    '/live;a=b',
    '/\ud83d\udca5',
    '/__proto__',
    '/constructor',
    '/:id',
    '/*',
    '',
  ],
];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.1 ', 'HTP/1.1', ''] as const;
const HEADERS = [
  ...[
    'Host: x',
    'Host: x',
    'Host:',
    'Connection: close',
    'Connection: keep-alive',
    'Connection: upgrade',
    'Upgrade: websocket',
  ],
  ...[
    'Content-Length: 0',
    'Content-Length: 5',
    'Content-Length: -1',
    'Content-Length: 99999999999999999999',
    'Content-Length: 5, 5',
  ],
  ...[
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: chunked, chunked',
    'Transfer-Encoding: gzip',
    'Expect: 100-continue',
  ],
  ...[
    'Expect: teapot',
    'X: \u0000',
    ' folded: y',
    ': none',
    'no colon',
    'Cookie: a=b; a',
    'Accept-Encoding: *;q=0',
    'Range: bytes=-1',
  ],
  ...[
    `Long: ${'y'.repeat(9_000)}`,
    `${'n'.repeat(9_000)}: y`,
    'Content-Type: application/json',
    '__proto__: x',
    'constructor: x',
  ],
];
const BODIES = [
  '',
  '',
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  'ffffffffffffffff\r\n',
  '-1\r\n\r\n',
  '{"a":',
  '0\r\n\r\nGET /live HTTP/1.1\r\n\r\n',
] as const;

/** Requests of any kind are answered or hung up on, in time, with a status that says whose fault it was, never the server's. */
export function httpTarget(): FuzzTarget {
  const errors: string[] = [];
  let servers: Promise<HttpServers> | null = null;
  const options = {
    ...{ bindAddress: '127.0.0.1', healthCheckPort: 0, prometheusPort: 0, version: '1.2.3' },
    status: () => engineStatus({ startedAt: Date.now(), lastPollAt: Date.now() }),
    metrics: createMetrics({ version: '1.2.3' }),
    routes: dashboardRoutes({
      // Nobody is let in: a stream of events would never end.
      access: new Access('the-token-of-the-fuzz'),
      hub: new EventHub(),
      page: dashboardPage(),
      login: loginPage(),
      report: async () => '{}',
    }),
    onError: (error: Error) => void errors.push(error.stack ?? error.message),
  };
  return {
    run: async (seed, index) => {
      servers ??= startHttp(options);
      const { ports } = await servers;
      const request = randomRequest(new RandomSource(caseSeed(seed, index)));
      const answer = await exchange(ports.health, request);
      if (answer === null) return `no answer within ${ANSWER_TIMEOUT_MS / 1_000} s: ${shown(request)}`;
      if (errors.length > 0) return `${errors.splice(0).join('\n')} at ${shown(request)}`;
      return wrongWith(answer, request);
    },
    close: async () => (await servers)?.close(),
  };
}

function wrongWith(answer: string, request: string): string | null {
  for (const [, status = ''] of answer.matchAll(/^HTTP\/1\.1 (\d+)/gm))
    if (!STATUSES.has(Number(status)) && status !== '100') return `answers ${status}: ${shown(request)}`;
  if (answer.includes('the-token-of-the-fuzz')) return `shows the token: ${shown(request)}`;
  if (/node_modules|\.js:\d+|\bat \S+ \(/.test(answer))
    return `shows its inside: ${shown(answer)} to ${shown(request)}`;
  return null;
}

function randomRequest(random: RandomSource): string {
  const one = (): string => {
    const line = [random.pick(METHODS), random.pick(TARGETS), random.pick(VERSIONS)].join(
      random.chance(0.05) ? '\t' : ' ',
    );
    const headers = Array.from({ length: random.below(6) }, () => random.pick(HEADERS));
    const end = random.chance(0.1) ? '\n' : '\r\n';
    return [
      random.chance(0.5) ? `GET ${random.pick(TARGETS)} HTTP/1.1` : line,
      'Host: x',
      ...headers,
      '',
      random.pick(BODIES),
    ].join(end);
  };
  const text = Array.from({ length: 1 + random.below(3) }, one).join('');
  if (random.chance(0.2)) return text.slice(0, random.below(text.length + 1));
  if (random.chance(0.2)) return Buffer.from(random.bytes(1 + random.below(200))).toString('latin1') + text;
  return text;
}

/** Says it all and hangs up its own side; all that came back, null where the other side never hung up. */
function exchange(port: number, request: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(Buffer.from(request, 'latin1')));
    let answer = '';
    const timer = setTimeout(() => {
      resolve(null);
      socket.destroy();
    }, ANSWER_TIMEOUT_MS);
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}
