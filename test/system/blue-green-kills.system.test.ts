import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scriptToolsMissing } from '../support/script-tools.js';
import { type Colour, Colours } from './colours.js';

const STEPS = ['start', 'self-test', 'snapshot', 'drain', 'activate', 'verify', 'stop-outgoing'] as const;

type Step = (typeof STEPS)[number];

const other = (colour: Colour): Colour => (colour === 'blue' ? 'green' : 'blue');

/** Blue consumes, and the stream flows. */
async function onColours(scenario: (colours: Colours) => Promise<void>): Promise<void> {
  const colours = await Colours.open();
  try {
    colours.flow();
    const first = await colours.deploy().ended;
    assert.equal(first.code, 0, first.output + colours.logs());
    await scenario(colours);
  } finally {
    await colours.close();
  }
}

/** After a run: one colour consumes, the other is not there, and what was sent has landed, once. */
async function ends(colours: Colours, active: Colour, output: string): Promise<void> {
  await colours.become({ [active]: 'active' }, output);
  await colours.movesOn();
  await colours.settles();
  colours.flow();
}

function killsAt(step: Step, command: string): string {
  return `if [ "$1" = ${step} ]; then ${command}; fi`;
}

describe('a hand-over at every step of which', { concurrency: true, skip: scriptToolsMissing() }, () => {
  test('the script is killed is ended by the next run, one way or the other', (t) =>
    onColours(async (colours) => {
      let active: Colour = 'blue';
      for (const step of STEPS) {
        const began = Date.now();
        const killed = await colours.deploy([], colours.hook(killsAt(step, 'kill -9 "$RUN_PID"'))).ended;
        assert.equal(killed.code, null, killed.output);
        const recovered = await colours.deploy(['--recover']).ended;
        assert.equal(recovered.code, 0, killed.output + recovered.output + colours.logs());
        // Only what was verified is kept.
        if (step === 'stop-outgoing') active = other(active);
        await ends(colours, active, killed.output + recovered.output);
        t.diagnostic(`script killed at ${step}: ${active} consumes, ${await colours.gapSince(began)} ms without a row`);
      }
    }));

  test('the incoming engine is killed goes back to the outgoing one', (t) =>
    onColours(async (colours) => {
      for (const step of STEPS.slice(1)) {
        const began = Date.now();
        const hook = colours.hook(killsAt(step, `kill -9 "$(cat ${colours.folder}/$INCOMING/engine.pid)"`));
        const { code, output } = await colours.deploy([], hook).ended;
        assert.equal(code, 1, output + colours.logs());
        await ends(colours, 'blue', output);
        t.diagnostic(`green killed at ${step}: blue consumes, ${await colours.gapSince(began)} ms without a row`);
      }
    }));

  test('the outgoing engine is killed goes on with the incoming one', (t) =>
    onColours(async (colours) => {
      let active: Colour = 'blue';
      for (const step of STEPS) {
        const began = Date.now();
        const hook = colours.hook(killsAt(step, `kill -9 "$(cat ${colours.folder}/$OUTGOING/engine.pid)"`));
        const { code, output } = await colours.deploy([], hook).ended;
        assert.equal(code, 0, output + colours.logs());
        active = other(active);
        await ends(colours, active, output);
        t.diagnostic(
          `${other(active)} killed at ${step}: ${active} consumes, ${await colours.gapSince(began)} ms without a row`,
        );
      }
    }));
});
