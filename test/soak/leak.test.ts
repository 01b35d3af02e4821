import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { until } from '../kafka/until.js';
import { probeEnvironment, Sampler } from './sampler.js';
import { type SeriesName, verdicts } from './series.js';

const SAMPLES = 28;
const SAMPLE_MS = 60;
const folder = mkdtempSync(join(tmpdir(), 'leak-'));
after(() => rmSync(folder, { recursive: true }));

/** Series that grow in a process that does nothing but leak. */
async function growing(leak: string): Promise<SeriesName[]> {
  const file = join(folder, leak);
  const env = { PATH: process.env.PATH, ...probeEnvironment(file, SAMPLE_MS, leak) };
  const idle = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")'], { env });
  try {
    await once(idle.stdout, 'data');
    const sampler = new Sampler(idle.pid ?? 0);
    let taken = 0;
    // As often as the probe, which leaks whenever it looks: neither sees the other stand still.
    const sample = () => {
      const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
      if (lines > taken) sampler.sample({ connections: 0, latencyP99: 0 });
      taken = lines;
      return taken > SAMPLES;
    };
    await until('the probe has taken its samples', sample);
    return verdicts(sampler.samples(file, 0))
      .filter(({ grows }) => grows)
      .map(({ name }) => name);
  } finally {
    idle.kill('SIGKILL');
    await once(idle, 'close');
  }
}

describe('a process that leaks on purpose', { skip: process.platform !== 'linux' && 'reads /proc' }, () => {
  const cases: [leak: string, found: SeriesName][] = [
    ['heap', 'heapUsed'],
    ['external', 'external'],
    ['listeners', 'listeners'],
    ['handles', 'handles'],
    ['files', 'files'],
  ];
  for (const [leak, found] of cases)
    test(`of ${leak} is found`, async () => {
      const names = await growing(leak);
      assert.ok(names.includes(found), names.join());
    });

  test('of nothing is let pass', async () => {
    assert.deepEqual(await growing('nothing'), []);
  });
});
