import { REQUIRED_BY } from '../config.js';
import { loadConfig } from '../config-load.js';
import { EngineError, invariant } from '../errors.js';
import { haltError } from '../sink/classify.js';
import { Connections } from '../sink/connections.js';
import type { LettersContext } from './dead-letters/context.js';
import { listCommand } from './dead-letters/list.js';
import { purgeCommand } from './dead-letters/purge.js';
import { replayCommand } from './dead-letters/replay.js';
import { showCommand } from './dead-letters/show.js';

type Subcommand = (argv: string[]) => (context: LettersContext) => Promise<number>;

/** Each reads its arguments, and throws where they are wrong, before anything is connected to. */
const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  list: listCommand,
  show: showCommand,
  replay: replayCommand,
  purge: purgeCommand,
};

/** Looks at what could not be landed, lands what can be by now, and removes what is done with. */
export async function deadLetters(argv: string[]): Promise<number> {
  const [name = '', ...rest] = argv;
  const subcommand = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
  if (subcommand === undefined) {
    const got = name === '' ? 'nothing' : JSON.stringify(name);
    throw new EngineError(
      'CONFIG_INVALID',
      `dead-letters wants one of ${Object.keys(SUBCOMMANDS).join(', ')}; got ${got}. dead-letters --help tells more.`,
    );
  }
  const run = subcommand(rest);
  const { config, warnings } = loadConfig(process.env, { requires: REQUIRED_BY['dead-letters'] });
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  invariant(config.databaseUrl !== undefined, 'The loader lets no dead letter be looked at without a DATABASE_URL.');
  const connections = new Connections({
    url: config.databaseUrl,
    owner: 'dead-letters',
    stallTimeoutMs: config.databaseFlushTimeoutMs,
  });
  try {
    return await run({ config, connections });
  } catch (error) {
    throw haltError(error, `dead-letters ${name}`);
  } finally {
    await connections.close();
  }
}
