/**
 * Asks the registry for known holes in what the engine runs on: `node scripts/audit.mjs`. Exits with 1 where one of high or
 * critical severity is known. A registry that gives no answer (a mirror without that endpoint, no network) is no finding
 * and no clean bill: then it exits with 0 and says that nothing was checked, or with 3 where --strict is given.
 */
import { spawnSync } from 'node:child_process';

const EXIT_HOLES = 1;
const EXIT_NOT_ASKED = 3;
const SERIOUS = ['high', 'critical'];
const TIMEOUT_MS = 90_000;

const strict = process.argv.includes('--strict');
// Only what decides is asked for: the lock file, not what happens to be installed.
const flags = ['audit', '--json', '--omit=dev', '--package-lock-only', '--audit-level=high', '--fetch-retries=1'];
const ran = spawnSync('npm', flags, { encoding: 'utf8', timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 });
const report = parse(ran.stdout);

if (report?.metadata?.vulnerabilities === undefined) notAsked(report);
else tell(report);

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function notAsked(answer) {
  const why = answer?.message ?? answer?.error?.summary ?? ran.error?.message ?? ran.stderr?.trim();
  console.log(
    `NOT CHECKED: the registry could not be asked for known holes (${why || `npm ended with ${ran.status}`}).`,
  );
  console.log('Nothing is known to be wrong, and nothing is known to be right: ask one that answers `npm audit`.');
  process.exitCode = strict ? EXIT_NOT_ASKED : 0;
}

function tell({ metadata, vulnerabilities = {} }) {
  const counts = metadata.vulnerabilities;
  const found = Object.values(vulnerabilities).filter(({ severity }) => SERIOUS.includes(severity));
  for (const { name, severity, range, via } of found) {
    const titles = via.map((cause) =>
      typeof cause === 'string' ? `through ${cause}` : `${cause.title} (${cause.url})`,
    );
    console.log(`${severity}: ${name} ${range}: ${titles.join('; ')}`);
  }
  const serious = SERIOUS.reduce((sum, severity) => sum + (counts[severity] ?? 0), 0);
  const packages = metadata.dependencies?.prod ?? 'all';
  console.log(
    `${serious} of high or critical severity, ${counts.total} in all, in ${packages} packages the engine runs on.`,
  );
  if (serious > 0) process.exitCode = EXIT_HOLES;
}
