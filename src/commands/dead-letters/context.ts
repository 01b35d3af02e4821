import type { Config } from '../../config.js';
import type { Connections } from '../../sink/connections.js';

/** What a subcommand works with. */
export interface LettersContext {
  readonly config: Config;
  readonly connections: Connections;
}
