import { OPTIONS } from '../../src/config.js';
import type { Option } from '../../src/config-option.js';
import { readOption } from '../../src/config-read.js';

/**
 * What is wrong with the lines of an `.env` that a page shows: names that are no option, values an option does not take. Files that it names
 * need not be there. Comments are read as well, where they hold a setting.
 */
export function wrongSettings(text: string): string[] {
  const options: readonly Option[] = Object.values(OPTIONS);
  return text.split('\n').flatMap((line) => {
    if (line.trim() === '' || (line.startsWith('#') && !/^# ?[A-Z_]+=/.test(line))) return [];
    const [, name = '', value = ''] = /^(?:# ?)?([A-Z][A-Z0-9_]*)=(\S*)(?: +#.*)?$/.exec(line) ?? [];
    const option = options.find(({ env }) => env === name || `${env}_FILE` === name);
    if (option === undefined) return [`${line}: no setting of the engine`];
    if (option.env !== name || option.type === 'path') return [];
    const reading = readOption(option, value, '/');
    return 'wants' in reading ? [`${line}: wants ${reading.wants}`] : [];
  });
}
