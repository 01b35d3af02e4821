import type { ControlAnswer } from './engine-control.js';
import { CONTROL_COMMANDS } from './engine-states.js';
import { Access } from './observe/dashboard/access.js';
import type { Handler } from './observe/http.js';

/**
 * `POST /control/<command>?wait=<seconds>` for whoever shows the token as `Authorization: Bearer`, and 401 for the rest. A cookie
 * is not enough: a page of another site could send it.
 */
export function controlRoutes(
  token: string,
  answer: (path: string, wait: string | undefined) => Promise<ControlAnswer>,
): ReadonlyMap<string, Handler> {
  const access = new Access(token);
  const handler: Handler = async (request, response) => {
    response.header('cache-control', 'no-store');
    const credentials = { authorization: request.headers.authorization, cookie: undefined };
    if (access.grant(credentials, 0) !== 'bearer') {
      response.status(401).header('www-authenticate', 'Bearer realm="control"').json({ error: 'a token is wanted' });
      return;
    }
    const { wait } = request.query_parameters as { wait?: unknown };
    const { code, body } = await answer(request.path, typeof wait === 'string' ? wait : undefined);
    if (!response.completed) response.status(code).json(body);
  };
  return new Map(CONTROL_COMMANDS.map((command) => [`/control/${command}`, handler]));
}
