import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../kafka/until.js';
import { scriptToolsMissing } from '../support/script-tools.js';
import { Colours, PATIENCE_MS } from './colours.js';

/** Files of the newest bundle, by name. */
function bundle(colours: Colours): Record<string, string> {
  const folder = join(colours.folder, 'state/bundles');
  const newest = readdirSync(folder).sort().at(-1) ?? '';
  execFileSync('tar', ['-xzf', join(folder, newest), '-C', folder, '--strip-components=1']);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return Object.fromEntries(
    files
      .filter(({ name }) => !name.endsWith('.gz'))
      .map(({ name, parentPath }) => [name, readFileSync(join(parentPath, name), 'utf8')]),
  );
}

test('the right to consume goes from nobody to blue and on to green, and back where something is wrong', {
  skip: scriptToolsMissing(),
}, async (t) => {
  const colours = await Colours.open();
  try {
    colours.flow();
    const first = await colours.deploy().ended;
    assert.equal(first.code, 0, first.output + colours.logs());
    await colours.become({ blue: 'active' }, first.output);

    const began = Date.now();
    const goOn = join(colours.folder, 'go-on');
    const hook = colours.hook(`until [ "$1" != verify ] || [ -e ${goOn} ]; do sleep 0.1; done`);
    const running = colours.deploy(['--image', colours.release], hook);
    await until('the hand-over verifies', () => running.output.includes('== verify'), {
      timeoutMs: PATIENCE_MS,
      explain: () => running.output,
    });
    const third = await colours.deploy().ended;
    assert.equal(third.code, 3, third.output);
    assert.match(third.output, /another run is under way/);
    writeFileSync(goOn, '');
    const second = await running.ended;
    assert.equal(second.code, 0, second.output + colours.logs());
    assert.match(second.output, /nobody consumed for \d+\.\d s at the most/);
    await colours.movesOn();
    await colours.become({ green: 'active' }, second.output);
    t.diagnostic(
      `hand-over: ${await colours.gapSince(began)} ms without a row; the script says: ${/nobody consumed.*/.exec(second.output)?.[0]}`,
    );
    await colours.settles();

    colours.flow();
    const file = join(colours.folder, 'blue/.env');
    const settings = readFileSync(file, 'utf8');
    writeFileSync(file, settings.replace(/(DATABASE_URL=\w+:\/\/)[^@]*@/, '$1nobody:a-wrong-password@'));
    const unfit = await colours.deploy().ended;
    assert.equal(unfit.code, 1, unfit.output + colours.logs());
    assert.match(unfit.output, /step self-test: blue is not fit to take over/);
    await colours.become({ green: 'active' }, unfit.output);
    const kept = bundle(colours);
    assert.match(kept['why.txt'] ?? '', /self-test/);
    assert.match(kept['log-blue.txt'] ?? '', /DATABASE_AUTHENTICATION/);
    assert.match(kept['status.json'] ?? '', /"partitions":\[/);
    assert.match(kept['config-blue.txt'] ?? '', /^DATABASE_URL=\[set\]$/m);
    for (const [name, text] of Object.entries(kept)) assert.ok(!/a-wrong-password|for-tests/.test(text), name);
    writeFileSync(file, settings);

    for (const [signal, code] of [
      ['SIGTERM', 143],
      ['SIGINT', 130],
      ['SIGHUP', 129],
    ] as const) {
      const script = colours.deploy(['--window-seconds', '60']);
      await until('the hand-over verifies', () => script.output.includes('== verify'), {
        timeoutMs: PATIENCE_MS,
        explain: () => script.output,
      });
      script.signal(signal);
      const ended = await script.ended;
      assert.equal(ended.code, code, ended.output + colours.logs());
      await colours.become({ green: 'active' }, ended.output);
    }
    await colours.movesOn();
    await colours.settles();
  } finally {
    await colours.close();
  }
});
