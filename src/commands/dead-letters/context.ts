import type { Config } from '../../config.js';
import type { Connections } from '../../sink/connections.js';

/** What a subcommand works with. */
export interface LettersContext {
  readonly config: Config;
  readonly connections: Connections;
}

/** Going over all dead letters there are moves no byte for as long as it takes. */
export const SEARCH_STALL_MS = 600_000;
