// Writes METRICS.md and docs/LOGS.md from the tables they are made of. Run it after `npm run build`.
import { writeFileSync } from 'node:fs';
import { logsDocument } from '../dist/src/observe/log-docs.js';
import { metricsDocument } from '../dist/src/observe/metric-docs.js';

const root = new URL('../', import.meta.url);
writeFileSync(new URL('METRICS.md', root), metricsDocument());
writeFileSync(new URL('docs/LOGS.md', root), logsDocument());
