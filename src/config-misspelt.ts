import type { Environment } from './config-environment.js';

/** Names other clients use for the same thing. */
const ALIASES: Readonly<Record<string, string>> = {
  KAFKA_BOOTSTRAP_SERVERS: 'KAFKA_BROKERS',
  KAFKA_BROKER_LIST: 'KAFKA_BROKERS',
  KAFKA_TOPICS: 'KAFKA_TOPIC',
  KAFKA_USER: 'KAFKA_USERNAME',
  KAFKA_SASL_USERNAME: 'KAFKA_USERNAME',
  KAFKA_SASL_PASSWORD: 'KAFKA_PASSWORD',
  KAFKA_PASS: 'KAFKA_PASSWORD',
  KAFKA_SASL_MECHANISMS: 'KAFKA_SASL_MECHANISM',
  KAFKA_CONSUMER_GROUP: 'KAFKA_GROUP_ID',
  POSTGRES_URL: 'DATABASE_URL',
};

/** A word for every variable that is no option but looks like one: names of the options' own families, one or two letters off. */
export function misspelt(env: Environment, known: readonly string[]): string[] {
  const families = new Set(known.map((name) => name.slice(0, name.indexOf('_') + 1)));
  const names = new Set(known);
  const sentences: string[] = [];
  for (const name of Object.keys(env).sort()) {
    if (names.has(name) || !env[name]) continue;
    const alias = Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
    const family = [...families].some((prefix) => name.startsWith(prefix));
    const meant = alias ?? (family ? nearest(name, known) : undefined);
    if (meant !== undefined && !env[meant])
      sentences.push(`${name} is not an option and has no effect; ${meant} is meant, perhaps.`);
  }
  return sentences;
}

function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = 3;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(name, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Insertions, deletions and replacements between two words (Levenshtein). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, replaced));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
