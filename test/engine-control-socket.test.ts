import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ControlAnswer } from '../src/engine-control.js';
import { openControlSocket } from '../src/engine-control-socket.js';
import { EngineError } from '../src/errors.js';

const asked: string[] = [];

async function answer(path: string, wait: string | undefined): Promise<ControlAnswer> {
  asked.push(`${path} ${wait}`);
  const body = { command: 'drain', state: 'drained', reached: true, unsettled_partitions: 0, message: 'done' };
  return { code: 200, body };
}

const newPath = (): string => join(tmpdir(), `control-${randomBytes(6).toString('hex')}.sock`);

function send(socketPath: string, method: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ socketPath, method, path, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    })
      .on('error', reject)
      .end();
  });
}

describe('the control socket', () => {
  it('is its user’s alone, takes POST, hands path and wait on, and goes when it is closed', async () => {
    const path = newPath();
    const socket = await openControlSocket(path, answer);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(await send(path, 'POST', '/control/drain?wait=7'), 200);
    assert.equal(await send(path, 'GET', '/control/drain'), 405);
    assert.deepEqual(asked.splice(0), ['/control/drain 7']);
    await socket.close();
    assert.ok(!existsSync(path));
  });

  it('replaces the file that a killed engine left behind', async () => {
    const path = newPath();
    const listen = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
    const killed = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(killed.stdout, 'data');
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    assert.ok(existsSync(path));
    const socket = await openControlSocket(path, answer);
    assert.equal(await send(path, 'POST', '/control/drain'), 200);
    await socket.close();
  });

  it('is refused where another engine listens, and where the folder is not there', async () => {
    const path = newPath();
    const first = await openControlSocket(path, answer);
    const refused = (error: unknown): boolean => error instanceof EngineError && error.code === 'CONFIG_INVALID';
    await assert.rejects(openControlSocket(path, answer), refused);
    assert.equal(await send(path, 'POST', '/control/drain'), 200, 'the first goes on');
    await first.close();
    await assert.rejects(openControlSocket(join(path, 'none', 'x.sock'), answer), refused);
  });
});
