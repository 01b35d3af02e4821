import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runOrThrow } from './command.js';

const PACKAGE_ROOT = new URL('../../../', import.meta.url);
const POM = fileURLToPath(new URL('test/kafka/pom.xml', PACKAGE_ROOT));

/** The broker's logging configuration, which has to be told to every Java process of ours. */
export const LOG_CONFIGURATION = fileURLToPath(new URL('test/kafka/log4j2.properties', PACKAGE_ROOT));

/**
 * Folder with the broker's jars, fetched by Maven on first use (54 MB).
 *
 * KAFKA_JARS_DIR, else the user's cache folder; the pom's hash is part of the name, so that a changed pom fetches anew.
 */
export async function kafkaJars(): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(POM))
    .digest('hex')
    .slice(0, 12);
  const cache = process.env.KAFKA_JARS_DIR ?? join(userCache(), 'solana-trades-engine');
  const folder = join(cache, `kafka-jars-${hash}`);
  if (existsSync(folder)) return folder;

  await mkdir(dirname(folder), { recursive: true });
  const unfinished = await mkdtemp(`${folder}-unfinished-`);
  try {
    await runOrThrow(
      'mvn',
      [
        '-B',
        '-q',
        '-f',
        POM,
        'dependency:copy-dependencies',
        `-DoutputDirectory=${unfinished}`,
        '-DincludeScope=runtime',
      ],
      { timeoutMs: 600_000 },
    );
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Two runs may fetch at once; the second rename finds the folder there.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

function userCache(): string {
  return process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
}
