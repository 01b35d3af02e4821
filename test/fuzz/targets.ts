import { captureTarget } from './capture-target.js';
import { configTarget } from './config-target.js';
import { httpTarget } from './http-target.js';
import type { FuzzTarget } from './target.js';

/** What `--target` takes besides the walker, which is held against a reference. */
export const TARGETS: Readonly<Record<string, () => FuzzTarget>> = {
  capture: captureTarget,
  config: configTarget,
  http: httpTarget,
};
