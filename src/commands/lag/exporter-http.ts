import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { EngineError, messageOf } from '../../errors.js';

export interface Page {
  readonly code: number;
  readonly type: string;
  readonly text: string;
}

export interface ExporterHttp {
  readonly ports: readonly number[];
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 10_000;

/** Serves the same pages on each port, for GET and HEAD. Rejects with CONFIG_INVALID where one cannot be bound. */
export async function serveExporter(
  address: string,
  ports: readonly { readonly variable: string; readonly port: number }[],
  pages: ReadonlyMap<string, () => Page | Promise<Page>>,
): Promise<ExporterHttp> {
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(
      servers.map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      ),
    );
  };
  for (const { variable, port } of ports) {
    const server = createServer(
      { requestTimeout: REQUEST_TIMEOUT_MS },
      (request, response) => void serve(request, response, pages),
    );
    servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, address, resolve);
    }).catch(async (error: unknown) => {
      servers.pop();
      await close();
      throw new EngineError('CONFIG_INVALID', `${variable}=${port} cannot be bound on ${address}: ${messageOf(error)}`);
    });
  }
  return { ports: servers.map(portOf), close };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  pages: ReadonlyMap<string, () => Page | Promise<Page>>,
): Promise<void> {
  request.resume();
  const page = pages.get(new URL(request.url ?? '/', 'http://exporter').pathname);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  if (page === undefined) {
    response.writeHead(404).end();
    return;
  }
  const { code, type, text } = await page();
  response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
