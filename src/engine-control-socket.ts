import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { ControlAnswer } from './engine-control.js';
import { EngineError, messageOf } from './errors.js';

export interface ControlSocket {
  close(): Promise<void>;
}

/** Nobody but our own user may connect. */
const UMASK = 0o177;

/**
 * Serves `POST /control/<command>?wait=<seconds>` on a local socket, to whoever the file's mode lets connect. Rejects with
 * CONFIG_INVALID where the file cannot be made; one that a killed engine left behind is replaced.
 */
export async function openControlSocket(
  path: string,
  answer: (path: string, wait: string | undefined) => Promise<ControlAnswer>,
): Promise<ControlSocket> {
  const server = createServer((request, response) => void serve(request, response, answer));
  try {
    await listen(server, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw refusal(path, messageOf(error));
    if (await isServed(path)) throw refusal(path, 'another engine listens there');
    rmSync(path, { force: true });
    await listen(server, path).catch((again: unknown) => {
      throw refusal(path, messageOf(again));
    });
  }
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (path: string, wait: string | undefined) => Promise<ControlAnswer>,
): Promise<void> {
  request.resume();
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://engine');
  response.setHeader('content-type', 'application/json; charset=utf-8');
  if (request.method !== 'POST') {
    response.writeHead(405, { allow: 'POST' }).end('{"error":"method not allowed"}');
    return;
  }
  const { code, body } = await answer(pathname, searchParams.get('wait') ?? undefined);
  if (!response.destroyed) response.writeHead(code).end(JSON.stringify(body));
}

/** The file is made, with its mode, before listen returns: there is no moment at which others could connect. */
function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const before = process.umask(UMASK);
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
    process.umask(before);
  });
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function refusal(path: string, why: string): EngineError {
  return new EngineError('CONFIG_INVALID', `CONTROL_SOCKET=${path} cannot be listened on: ${why}.`);
}
