import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { scriptToolsMissing } from '../support/script-tools.js';
import { Colours, QUICK, RunningScript, type ScriptEnd } from './colours.js';

const DIGEST = `registry.test/engine@sha256:${'a'.repeat(64)}`;

/** A deployment of two colours by docker or kubectl, of which blue consumes, and the stream flows. */
class Deployment {
  readonly colours: Colours;
  readonly #args: readonly string[];
  readonly #env: Readonly<Record<string, string>>;

  private constructor(colours: Colours, args: readonly string[]) {
    this.colours = colours;
    this.#args = [...args, '--state-dir', join(colours.folder, 'state'), ...QUICK];
    this.#env = colours.shims();
  }

  static async compose(): Promise<Deployment> {
    const colours = await Colours.open(['blue-0', 'green-0']);
    const folder = join(colours.folder, 'compose');
    mkdirSync(folder);
    writeFileSync(join(folder, 'docker-compose.yml'), 'services: {}\n');
    return new Deployment(colours, ['--adapter', 'compose', '--compose-file', join(folder, 'docker-compose.yml')]);
  }

  static async kubernetes(): Promise<Deployment> {
    return new Deployment(await Colours.open(['blue-0', 'green-0']), ['--adapter', 'kubernetes']);
  }

  run(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<ScriptEnd> {
    return new RunningScript('deploy_blue_green.sh', [...this.#args, ...args], { ...this.#env, ...env }).ended;
  }

  /** Calls that match a pattern fail from a step on, for so long where it is given, else until {@link isBack}. */
  awayAt(step: string, pattern: string, seconds?: number): { BLUE_GREEN_HOOK: string } {
    const back = seconds === undefined ? '' : `(sleep ${seconds}; rm ${this.#away}) </dev/null >/dev/null 2>&1 &`;
    return this.colours.hook(`if [ "$1" = ${step} ]; then echo '${pattern}' >${this.#away}; ${back} fi`);
  }

  isBack(): void {
    rmSync(this.#away);
  }

  get #away(): string {
    return join(this.colours.folder, 'shim-state/away');
  }
}

async function onDeployment(
  opened: Promise<Deployment>,
  scenario: (deployment: Deployment, colours: Colours) => Promise<void>,
): Promise<void> {
  const deployment = await opened;
  const { colours } = deployment;
  try {
    colours.flow();
    const first = await deployment.run(['--image', DIGEST]);
    assert.equal(first.code, 0, first.output + colours.logs());
    await scenario(deployment, colours);
    await colours.movesOn();
    await colours.settles();
  } finally {
    await colours.close();
  }
}

describe('a hand-over by', { concurrency: true, skip: scriptToolsMissing() }, () => {
  for (const adapter of ['compose', 'kubernetes'] as const)
    test(`${adapter} goes back where it is not verified, and where it was killed`, () =>
      onDeployment(Deployment[adapter](), async (deployment, colours) => {
        colours.poison = 2; // over what the script bears with, and under what stops an engine
        const unfit = await deployment.run();
        assert.equal(unfit.code, 1, unfit.output + colours.logs());
        assert.match(unfit.output, /step verify: \d+ errors in a hundred messages/);
        await colours.become({ 'blue-0': 'active' }, unfit.output);
        colours.poison = 0;

        const killed = await deployment.run([], colours.hook('if [ "$1" = activate ]; then kill -9 "$RUN_PID"; fi'));
        assert.equal(killed.code, null, killed.output);
        await colours.become({ 'blue-0': 'drained', 'green-0': 'standby' }, killed.output);
        const recovered = await deployment.run(['--recover']);
        assert.equal(recovered.code, 0, killed.output + recovered.output + colours.logs());
        assert.match(recovered.output, /blue consumes/);
        await colours.become({ 'blue-0': 'active' }, recovered.output);
      }));

  test('kubernetes leaves all to the run of another machine that has taken the lease', () =>
    onDeployment(Deployment.kubernetes(), async (deployment, colours) => {
      const lease = join(colours.folder, 'shim-state/lease.json');
      const change = `jq '.spec.holderIdentity = "elsewhere/1" | .metadata.resourceVersion = "1000"' ${lease}`;
      // Under the shim's lock, since the run renews it meanwhile.
      const taken = `(flock 9; ${change} >${lease}.other && mv ${lease}.other ${lease}) 9>>${lease}.lock`;
      const hook = colours.hook(`[ "$1" != verify ] || ${taken}`);
      const { code, output } = await deployment.run(['--window-seconds', '120'], hook);
      assert.equal(code, 4, output + colours.logs());
      assert.match(output, /another run has taken the Lease [\w-]+; all is left to it/);
      await colours.become({ 'blue-0': 'drained', 'green-0': 'active' }, output);
      const holder = JSON.parse(readFileSync(lease, 'utf8')).spec.holderIdentity;
      assert.equal(holder, 'elsewhere/1');
    }));

  for (const [adapter, listing] of [
    ['compose', '*compose*ps*'],
    ['kubernetes', '*get pods*'],
  ] as const)
    test(`${adapter} waits for a tool that does not answer for a while, and takes no colour for gone by that`, () =>
      onDeployment(Deployment[adapter](), async (deployment, colours) => {
        const pid = colours.pid('blue-0');
        const blind = await deployment.run(['--wait-seconds', '3'], deployment.awayAt('drain', listing));
        assert.equal(blind.code, 4, blind.output + colours.logs());
        assert.match(blind.output, /step drain: blue is up, or may be, and does not answer: nobody can say which/);
        assert.match(blind.output, /NOBODY CAN SAY WHO CONSUMES/);
        assert.doesNotMatch(blind.output, /is gone|is not up/);
        deployment.isBack();
        const recovered = await deployment.run(['--recover']);
        assert.equal(recovered.code, 0, blind.output + recovered.output + colours.logs());
        await colours.become({ 'blue-0': 'active' }, recovered.output);
        assert.equal(colours.pid('blue-0'), pid, 'blue was left alone');

        const patient = await deployment.run([], deployment.awayAt('drain', '*', 4));
        assert.equal(patient.code, 0, patient.output + colours.logs());
        assert.doesNotMatch(patient.output, /is gone/);
        await colours.become({ 'green-0': 'active' }, patient.output);
      }));
});
