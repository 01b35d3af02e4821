import { checkLibraries, kafkaFeatures } from '../../src/commands/libraries.js';
import { configOf } from './config.js';

/** What is warned of where the Kafka client was compiled without a library that is no must: nothing where all were there. */
export async function missingLibraries(): Promise<string[]> {
  return checkLibraries(configOf({}), await kafkaFeatures());
}
