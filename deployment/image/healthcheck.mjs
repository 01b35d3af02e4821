/**
 * The image's HEALTHCHECK: exits with 0 where a route of HEALTH_CHECK_PORT answers 200, with 1 where it does not, and says why.
 * `node healthcheck.mjs [/live]`; node alone, for the image has no curl.
 */
import { get } from 'node:http';

const TIMEOUT_MS = 4_000;
const route = process.argv[2] ?? '/live';
const port = Number(process.env.HEALTH_CHECK_PORT || 8080);
const bound = process.env.BIND_ADDRESS || '0.0.0.0';
const host = bound === '0.0.0.0' ? '127.0.0.1' : bound === '::' ? '::1' : bound;

function end(exitCode, text) {
  console.log(text);
  process.exit(exitCode);
}

setTimeout(() => end(1, `no answer within ${TIMEOUT_MS} ms`), TIMEOUT_MS);
get({ host, port, path: route, agent: false }, (response) => {
  let body = '';
  response.setEncoding('utf8').on('data', (text) => {
    body += text;
  });
  response.on('end', () =>
    end(response.statusCode === 200 ? 0 : 1, `${route} ${response.statusCode} ${body.slice(0, 2000)}`),
  );
}).on('error', (error) => end(1, `${route} of port ${port}: ${error.message}`));
