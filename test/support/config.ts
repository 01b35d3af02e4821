import { tmpdir } from 'node:os';
import type { Config } from '../../src/config.js';
import { loadConfig } from '../../src/config-load.js';

/** A configuration made of these variables alone. */
export function configOf(env: Readonly<Record<string, string>>): Config {
  return loadConfig(env, { directory: tmpdir() }).config;
}
