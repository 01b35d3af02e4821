// Writes README's configuration tables from the option table. Run it after `npm run build`.
import { readFileSync, writeFileSync } from 'node:fs';
import { withOptionTables } from '../dist/src/config-table.js';

const readme = new URL('../README.md', import.meta.url);
writeFileSync(readme, withOptionTables(readFileSync(readme, 'utf8')));
