import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = mkdtempSync(join(tmpdir(), 'suite-runner-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const HEAD = `import { it } from 'node:test'; import { spawn } from 'node:child_process';\n`;

/** Runs files of these sources as a suite, in a process of its own, whose last line tells the counts. */
function run(sources: readonly string[], fileTimeoutMs = 120_000): { output: string; counts: Record<string, number> } {
  const files = sources.map((source, index) => {
    const file = join(folder, `file-${index}.test.mjs`);
    writeFileSync(file, HEAD + source);
    return file;
  });
  const runner = fileURLToPath(new URL('suite-runner.js', import.meta.url));
  const script = `import { runSuite } from ${JSON.stringify(runner)};
    const counts = await runSuite({ files: ${JSON.stringify(files)}, concurrency: 2, fileTimeoutMs: ${fileTimeoutMs}, env: {} });
    console.log(JSON.stringify(counts));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  return { output, counts: JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') };
}

describe('the runner of suites', () => {
  it('adds up the tests of all files and names the file that failed', () => {
    const { output, counts } = run([
      `it('a', () => {}); it('b', () => {});`,
      `it('c', () => { throw new Error('no'); });`,
    ]);
    assert.deepEqual([counts.tests, counts.pass, counts.fail], [3, 2, 1]);
    assert.match(output, /Files that failed:\n✖ .*file-1\.test\.mjs\n/);
  });

  it('kills a file that never ends, together with what it started, and says what ran', () => {
    const { output, counts } = run(
      [
        `it('waits', () => new Promise(() => { spawn('sleep', ['1000'], { stdio: 'inherit' }); }));`,
        `it('a', () => {});`,
      ],
      15_000,
    );
    assert.deepEqual([counts.pass, counts.fail], [1, 1]);
    assert.match(output, /file-0\.test\.mjs took over 15 s and was killed, with\n(.*\n)*.*sleep 1000/);
  });

  it('fails a file that leaves a process behind, and ends that process', () => {
    const { output, counts } = run([`it('a', () => { spawn('sleep', ['1234'], { stdio: 'inherit' }).unref(); });`]);
    assert.deepEqual([counts.pass, counts.fail], [1, 1]);
    const [, pid] = /left processes behind\n\d+ +(\d+) .*sleep 1234/.exec(output) ?? [];
    assert.ok(pid, output);
    const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' });
    assert.match(stdout, /^(Z.*\n)?$/, 'it is gone, or waits for its parent to notice');
  });

  it('fails a file that ends before it told its sums', () => {
    const { output, counts } = run([`it('a', () => { process.kill(process.pid, 'SIGKILL'); });`, `process.exit(0);`]);
    assert.deepEqual([counts.pass, counts.fail], [0, 2]);
    assert.match(output, /was ended by SIGKILL/);
    assert.match(output, /told no sums/);
  });
});
