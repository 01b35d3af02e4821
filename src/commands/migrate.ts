import { parseArgs } from 'node:util';
import { REQUIRED_BY } from '../config.js';
import { parseDatabaseUrl } from '../config-database.js';
import { loadConfig } from '../config-load.js';
import { invariant } from '../errors.js';
import { migrate as applyMigrations } from '../sink/migrate.js';

/** Applies the missing migrations and prints their names. */
export async function migrate(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options: { json: { type: 'boolean', default: false } } });
  const { config, warnings } = loadConfig(process.env, { requires: REQUIRED_BY.migrate });
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  invariant(config.databaseUrl !== undefined, 'The loader lets no migration begin without a DATABASE_URL.');
  const applied = await applyMigrations(config.databaseUrl);
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ applied })}\n`);
    return 0;
  }
  const place = parseDatabaseUrl(config.databaseUrl);
  const where = place === null ? 'the database' : `${place.database} on ${place.host}:${place.port}`;
  for (const name of applied) process.stdout.write(`applied ${name}\n`);
  const sum = applied.length === 0 ? `The schema of ${where} is up to date.` : `${applied.length} applied to ${where}.`;
  process.stdout.write(`${sum}\n`);
  return 0;
}
