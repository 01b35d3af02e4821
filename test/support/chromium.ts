import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The Chromium of this machine, of CHROMIUM_PATH or the PATH; null where there is none. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | null {
  const given = env.CHROMIUM_PATH;
  const places = (env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  for (const path of given ? [given] : places) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // The next one.
    }
  }
  return null;
}

/**
 * Why tests in a browser cannot run here, false where they can. With CHROMIUM_REQUIRED set they run all the same, and fail
 * where there is none: a machine that is to have one must not pass by leaving them out.
 */
export function withoutChromium(env: NodeJS.ProcessEnv = process.env): string | false {
  if (findChromium(env) !== null || env.CHROMIUM_REQUIRED) return false;
  return 'no Chromium on this machine: apt-get install chromium, or name one in CHROMIUM_PATH';
}

export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('CHROMIUM_REQUIRED is set and there is no Chromium on this machine.');
  // As root, which containers often are, Chromium has no sandbox; the pages are our own.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
}
