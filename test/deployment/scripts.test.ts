import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OPTIONS } from '../../src/config.js';
import { missingTools, scriptToolsMissing } from '../support/script-tools.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SCRIPTS = join(ROOT, 'deployment/scripts');

/** Files of a folder with one of these ends. */
function files(folder: string, ...ends: readonly string[]): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => ends.some((end) => file.endsWith(end)))
    .map((file) => join(folder, file))
    .sort();
}

const scripts = files(SCRIPTS, '.sh');

describe('shellcheck', () => {
  const skip = missingTools(['shellcheck'], 'SHELLCHECK_REQUIRED');
  const shims = ['docker', 'kubectl', 'common.bash'].map((name) => join(ROOT, 'test/system/shims', name));
  it('finds nothing to say against scripts, their tests and the shims', { skip }, () => {
    const all = [...files(join(ROOT, 'deployment'), '.sh', '.bats'), ...shims];
    const { status, stdout, stderr } = spawnSync('shellcheck', all, { encoding: 'utf8' });
    assert.deepEqual([status, stdout + stderr], [0, '']);
  });
});

describe('bats', () => {
  const skip = scriptToolsMissing();
  for (const file of files(join(SCRIPTS, 'test'), '.bats')) {
    it(`passes ${file.slice(SCRIPTS.length + 1)}`, { skip }, () => {
      const { status, stdout, stderr } = spawnSync('bats', ['--tap', file], { encoding: 'utf8', timeout: 240_000 });
      assert.equal(status, 0, stdout + stderr);
      assert.match(stdout, /^ok 1 /m, 'it has tests');
    });
  }
});

describe('the scripts', () => {
  it('blank out every secret that the engine knows of before they keep its settings', () => {
    const bundle = readFileSync(join(SCRIPTS, 'lib/bundle.sh'), 'utf8');
    const names = new RegExp(/SECRET_NAMES='([^']+)'/.exec(bundle)?.[1] ?? '^$');
    const secrets = Object.values(OPTIONS).filter((option) => 'secret' in option && option.secret);
    assert.ok(secrets.length > 0);
    for (const { env } of secrets) assert.match(env, names);
    for (const plain of ['KAFKA_BROKERS', 'KAFKA_GROUP_ID', 'START_MODE', 'DEPLOYMENT_COLOUR'])
      assert.doesNotMatch(plain, names);
  });

  it('give every wait for another program an end', () => {
    let found = 0;
    for (const file of scripts) {
      const text = readFileSync(file, 'utf8').replaceAll(/^\s*#.*$/gm, '');
      const calls = /^.*(?:\bcurl --|\bdocker (?:compose|exec|logs) |\bkubectl "|\bnode "\$ENGINE_MAIN").*$/gm;
      for (const [line] of text.matchAll(calls)) {
        assert.match(line, /\bbounded "?[\d$]|\btimeout |--max-time \S/, `${file}: ${line}`);
        found += 1;
      }
    }
    assert.ok(found >= 8, `${found} calls were looked at`);
  });

  it('answer no call for help with a secret, and put none on a command line', () => {
    for (const file of scripts)
      assert.doesNotMatch(readFileSync(file, 'utf8'), /--(?:password|token)\b|curl .*(?:-u |--user)/, file);
  });
});
