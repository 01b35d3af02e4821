import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { parseArgs } from 'node:util';
import { type Config, REQUIRED_BY } from '../config.js';
import { loadConfig } from '../config-load.js';
import { type ControlAnswer, WAIT_SECONDS, WAIT_SECONDS_MAX } from '../engine-control.js';
import { CONTROL_COMMANDS } from '../engine-states.js';
import { EngineError, messageOf } from '../errors.js';
import { EXIT_FAILURE } from './run-command.js';

/** Not there yet when the wait was over. */
const EXIT_WAITED = 3;
/** Drained, but something did not land in time and will be read again. */
const EXIT_UNSETTLED = 4;
/** The engine answers by itself when the wait is over; one that does not has died or hangs. */
const ANSWER_MARGIN_MS = 10_000;

interface Door {
  readonly name: string;
  readonly options: RequestOptions;
  readonly secure: boolean;
}

/** Tells a running engine to change its state, and waits until it has, or the wait is over. */
export async function ctl(argv: string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      wait: { type: 'string' },
      socket: { type: 'string' },
      url: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const command = CONTROL_COMMANDS.find((name) => name === positionals[0]);
  if (command === undefined || positionals.length > 1) {
    throw new EngineError('CONFIG_INVALID', `ctl wants one of ${CONTROL_COMMANDS.join(', ')}`);
  }
  const seconds = values.wait === undefined ? WAIT_SECONDS : Number(values.wait);
  if (!(seconds >= 0 && seconds <= WAIT_SECONDS_MAX)) {
    throw new EngineError(
      'CONFIG_INVALID',
      `--wait: got "${values.wait}"; wants seconds from 0 to ${WAIT_SECONDS_MAX}`,
    );
  }
  const { config, warnings } = loadConfig(process.env, { requires: REQUIRED_BY.ctl });
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  const door = doorOf(values, config);
  const { code, body } = await ask(door, `/control/${command}?wait=${seconds}`, seconds * 1_000 + ANSWER_MARGIN_MS);
  process.stdout.write(values.json ? `${JSON.stringify(body)}\n` : `${body.message}\n`);
  return exitCodeOf(code, body);
}

function exitCodeOf(code: number, { state, unsettled_partitions: unsettled }: ControlAnswer['body']): number {
  if (code === 202) return EXIT_WAITED;
  if (code !== 200) return EXIT_FAILURE;
  return state === 'drained' && unsettled > 0 ? EXIT_UNSETTLED : 0;
}

/** By which way the engine is reached: what the flags say, else the socket, else HTTP on this machine. */
function doorOf(flags: { readonly socket?: string; readonly url?: string }, config: Config): Door {
  const socketPath = flags.socket ?? (flags.url === undefined ? config.controlSocket : undefined);
  if (socketPath !== undefined) return { name: socketPath, options: { socketPath }, secure: false };
  if (config.controlToken === undefined) {
    throw new EngineError(
      'CONFIG_INVALID',
      'ctl needs a way to the engine: CONTROL_SOCKET (or --socket), the same file as the engine’s, or CONTROL_TOKEN, the same as the engine’s, with --url where it is not on this machine',
    );
  }
  const url = urlOf(flags.url ?? `http://127.0.0.1:${config.healthCheckPort}`);
  const { hostname: host, port, protocol } = url;
  const headers = { authorization: `Bearer ${config.controlToken}` };
  return { name: url.origin, options: { host, port, headers }, secure: protocol === 'https:' };
}

function urlOf(text: string): URL {
  try {
    const url = new URL(text);
    if (/^https?:$/.test(url.protocol)) return url;
  } catch {
    // Said below.
  }
  throw new EngineError('CONFIG_INVALID', '--url wants an address like http://engine:8080');
}

function ask(door: Door, path: string, timeoutMs: number): Promise<{ code: number; body: ControlAnswer['body'] }> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new EngineError('CONTROL_UNREACHABLE', `${door.name}: ${why}`));
    const send = door.secure ? httpsRequest : httpRequest;
    const request = send({ ...door.options, path, method: 'POST', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', (error) => fail(messageOf(error)));
      response.on('end', () => {
        const code = response.statusCode ?? 0;
        const body = parse(text);
        if (body !== null) resolve({ code, body });
        else fail(refusalOf(code));
      });
    });
    request.setTimeout(timeoutMs, () => request.destroy(new Error(`no answer within ${timeoutMs / 1_000} s`)));
    request.on('error', (error: NodeJS.ErrnoException) => fail(unreachable(error)));
    request.end();
  });
}

function parse(text: string): ControlAnswer['body'] | null {
  try {
    const body = JSON.parse(text) as Partial<ControlAnswer['body']>;
    return typeof body.message === 'string' && typeof body.state === 'string' ? (body as ControlAnswer['body']) : null;
  } catch {
    return null;
  }
}

function refusalOf(code: number): string {
  if (code === 401) return 'the engine does not take this token: CONTROL_TOKEN must be the same here and there';
  if (code === 404) return 'there is nothing to control: the engine has no CONTROL_TOKEN, or this is no engine';
  return `an answer that is not the engine’s (HTTP ${code})`;
}

function unreachable(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'there is no such socket: is the engine up, with this CONTROL_SOCKET?';
  if (error.code === 'ECONNREFUSED') return 'nobody listens there: the engine is not up';
  if (error.code === 'EACCES') return 'this user may not use the socket: run ctl as the engine’s own';
  return messageOf(error);
}
