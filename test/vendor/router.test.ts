import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';

interface RouterLike {
  add(method: string, pattern: string, handler: string): void;
  route(method: string, path: string, visit: (handler: string, values: string[], names: string[]) => boolean): boolean;
}
const require = createRequire(new URL('../../../package.json', import.meta.url));
const { Router } = require('./vendor/uwebsockets/lib/router.js') as { Router: new () => RouterLike };

function routerOf(...routes: [method: string, pattern: string][]): RouterLike {
  const router = new Router();
  for (const [method, pattern] of routes) router.add(method, pattern, `${method} ${pattern}`);
  return router;
}

/** Every handler that matches, in the order it is tried, each with its parameters. */
function visited(router: RouterLike, method: string, path: string): string[] {
  const seen: string[] = [];
  router.route(method, path, (handler, values) => {
    seen.push([handler, ...values].join(' '));
    return false;
  });
  return seen;
}

describe('the router of the transport', () => {
  it('tries a static segment before a parameter and a parameter before a wildcard, however they were added', () => {
    const router = routerOf(['get', '/*'], ['get', '/:name'], ['get', '/live']);
    assert.deepEqual(visited(router, 'get', '/live'), ['get /live', 'get /:name live', 'get /*']);
    assert.deepEqual(visited(router, 'get', '/other'), ['get /:name other', 'get /*']);
  });

  it('tries the routes of the method before those of any method', () => {
    const router = routerOf(['any', '/live'], ['get', '/*']);
    assert.deepEqual(visited(router, 'get', '/live'), ['get /*', 'any /live']);
    assert.deepEqual(visited(router, 'post', '/live'), ['any /live']);
  });

  it('leaves a branch that leads nowhere, with the parameters it took', () => {
    const router = routerOf(['get', '/a/:one/x'], ['get', '/:two/b/:three']);
    assert.deepEqual(visited(router, 'get', '/a/b/c'), ['get /:two/b/:three a c']);
  });

  it('gives parameters in the order of the pattern', () => {
    const router = routerOf(['get', '/t/:topic/p/:partition']);
    let seen: unknown;
    assert.ok(
      router.route('get', '/t/trades/p/3', (_handler, values, names) => {
        seen = { values, names };
        return true;
      }),
    );
    assert.deepEqual(seen, { values: ['trades', '3'], names: ['topic', 'partition'] });
  });

  it('matches no empty segment with a parameter, and a trailing slash is a segment', () => {
    const router = routerOf(['get', '/a/:b'], ['get', '/c']);
    assert.deepEqual(visited(router, 'get', '/a/'), []);
    assert.deepEqual(visited(router, 'get', '/a'), []);
    assert.deepEqual(visited(router, 'get', '/c/'), []);
  });

  it('matches the rest of a path with a wildcard, however deep, but not the path before it', () => {
    const router = routerOf(['get', '/files/*']);
    assert.deepEqual(visited(router, 'get', '/files/a/b/c'), ['get /files/*']);
    assert.deepEqual(visited(router, 'get', '/files'), []);
    assert.deepEqual(visited(router, 'get', `/files/${'x/'.repeat(200)}`), []);
  });

  it('stops at the first handler that takes the request', () => {
    const router = routerOf(['get', '/live'], ['any', '/*']);
    let calls = 0;
    assert.equal(
      router.route('get', '/live', () => {
        calls += 1;
        return true;
      }),
      true,
    );
    assert.equal(calls, 1);
    assert.equal(
      router.route('put', '/', () => false),
      false,
    );
  });
});
