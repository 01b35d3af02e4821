import { OPTIONS, type OptionName, REQUIRED_BY } from '../config.js';

interface CommandFlag {
  readonly flag: string;
  readonly description: string;
}

interface CommandHelp {
  readonly summary: string;
  /** Positional arguments, as the usage line shows them. */
  readonly arguments?: string;
  readonly details: string;
  readonly flags: readonly CommandFlag[];
  readonly requires: readonly OptionName[];
  /** Those beyond 0, 1 and 2. */
  readonly exitCodes?: string;
}

const JSON_FLAG = { flag: '--json', description: 'Print one JSON object on stdout; everything else goes to stderr.' };

/** Every command. Each is the file of its name in this folder, and the function of that name in camel case. */
export const COMMANDS = {
  start: {
    summary: 'Run the engine: land the topic’s trades in PostgreSQL until told to stop.',
    details:
      'Stops on SIGTERM or SIGINT after landing what is in flight; a second signal exits at once. Metrics and health are served over HTTP.',
    flags: [],
    requires: REQUIRED_BY.start,
  },
  demo: {
    summary: 'Show the engine at work with nothing installed, and prove that nothing was lost or doubled.',
    details:
      'Starts a PostgreSQL, a broker and a generator of its own, and the engine on them. DATABASE_URL and KAFKA_BROKERS, where set, are used instead. Exits with 0 only if every trade landed exactly once.',
    flags: [
      {
        flag: '--seconds N',
        description: 'Stop by itself after N seconds; without a terminal 30, on one it runs until Ctrl-C.',
      },
      { flag: '--rate N', description: 'Produce at N times the real stream’s pace, 0.01 to 100; 1 by default.' },
      { flag: '--seed N', description: 'Another stream of the same shape.' },
      {
        flag: '--kill-every N',
        description: 'Kill the engine (SIGKILL) N seconds after it has its partitions, again and again.',
      },
      JSON_FLAG,
    ],
    requires: REQUIRED_BY.demo,
  },
  record: {
    summary: 'Write what the topic delivers to a capture file.',
    arguments: '<file>',
    details: 'The file can be replayed into a database with `replay`. Commits no offsets.',
    flags: [
      { flag: '--messages N', description: 'Stop after N messages.' },
      { flag: '--seconds N', description: 'Stop after N seconds.' },
    ],
    requires: REQUIRED_BY.record,
  },
  replay: {
    summary: 'Land a capture file in PostgreSQL through the same pipeline.',
    arguments: '<file>',
    details: 'A replay that was stopped goes on where it was; one that is done lands nothing twice.',
    flags: [],
    requires: REQUIRED_BY.replay,
  },
  migrate: {
    summary: 'Bring the database’s schema up to date.',
    details:
      'Applies the migrations that are missing, under a lock, and prints their names. Running it again does nothing.',
    flags: [JSON_FLAG],
    requires: REQUIRED_BY.migrate,
  },
  check: {
    summary: 'Check everything from the brokers’ names to a write that is taken back; say what to do.',
    details:
      'One line for each thing: configuration, libraries, certificates, names, ports, TLS, login, topic, group, decoder, rate, database, schema, privileges, connections, clock, replicas, write, and Redis where REDIS_URL is set. Exits with 0 if nothing failed (warnings are no failure), with 1 if something did, with 2 if the configuration is wrong. Changes nothing, joins no group.',
    flags: [JSON_FLAG],
    requires: REQUIRED_BY.check,
  },
  'dead-letters': {
    summary: 'Look at what could not be landed, land it once it can be, remove what is done with.',
    arguments: 'list | show <id> | replay [id …] | purge [id …]',
    details: [
      'list: the newest letters, a line each, and how many there are of each class. show: all that can be read of one, its error, where it stops, its first bytes.',
      'replay: decodes again with this version and lands the trades exactly once, also while engines run; a letter that fails again stays, with the new error.',
      'purge: removes replayed letters, and open ones (status new) only with --open. Exits with 1 where a replayed letter is still open or the one to show is not there.',
    ].join('\n'),
    flags: [
      { flag: '--topic T', description: 'Letters of this topic; --group G of this consumer group.' },
      { flag: '--partition N', description: 'Letters of this partition.' },
      { flag: '--class C', description: 'Letters with this class of error, `truncated` for one.' },
      { flag: '--status S', description: '`new` (open) or `replayed`.' },
      { flag: '--since T', description: 'Written since this time (ISO 8601) or age (90s, 30m, 6h, 7d).' },
      { flag: '--limit N', description: 'At most so many: list shows 50 by default, replay and purge take all.' },
      { flag: '--all', description: 'replay: every letter that is open, where neither ids nor filters are given.' },
      { flag: '--older-than T', description: 'purge: written before this time or age.' },
      { flag: '--open', description: 'purge: open letters too. What is in them is lost then.' },
      { flag: '--dry-run', description: 'purge: say how many would go.' },
      { flag: '--yes', description: 'purge: remove them.' },
      JSON_FLAG,
    ],
    requires: REQUIRED_BY['dead-letters'],
  },
  status: {
    summary: 'Say where the group stands: partitions, owners, positions, lag, balance, and when it is at the head.',
    details:
      'Asks the database and the brokers, and so works with every engine down; of the engines at ENGINE_URLS it tells state and breaker besides. The pace is that between two looks.',
    flags: [
      { flag: '--watch [N]', description: 'Look again every N seconds, 5 by default, until Ctrl-C.' },
      { flag: '--seconds N', description: 'Time between the two looks, 2 by default; 0 looks once and tells no pace.' },
      JSON_FLAG,
    ],
    requires: REQUIRED_BY.status,
    exitCodes: '3 a partition with lag has no owner that is up, or offsets expired unread',
  },
  'lag-exporter': {
    summary: 'Export the group’s lag for Prometheus and the autoscaler, whether engines run or not.',
    details:
      'Joins no group and needs no more than to read positions (the role trades_monitor). Metrics on PROMETHEUS_PORT, /live, /ready and /health there and on HEALTH_CHECK_PORT. While brokers or database do not answer, what hangs on them is absent.',
    flags: [],
    requires: REQUIRED_BY['lag-exporter'],
  },
  completeness: {
    summary: 'Hold trades and USD volume, hour by hour, against a reference, and what landed against itself.',
    details: [
      'Reference: a table or view (`hour, trades, volume_usd`, or a row per trade with `timestamp, amount_usd`), a .csv file with the same columns, or the postgres:// URL of a second database; `env:NAME` takes it from a variable, so that no password is on the command line.',
      'Against itself: blocks that the chain of parents says there were and that did not land, offsets that expired or are open dead letters, rows ahead of their position, trades that are there twice.',
      'Looks at full hours that are over. Changes nothing but with --store. What is in messages that were never produced to the topic only a reference tells.',
    ].join('\n'),
    flags: [
      { flag: '--reference R', description: 'Table, .csv file, database URL, or env:NAME.' },
      { flag: '--table T', description: 'Table or view of a reference that is a database; dex_trades by default.' },
      { flag: '--since T', description: 'From this time (ISO 8601) or age (6h, 7d); 24h by default.' },
      { flag: '--until T', description: 'To this time or age; the last full hour by default.' },
      { flag: '--percent N', description: 'Flag what differs by more than N percent, 5 by default.' },
      { flag: '--fail', description: 'Exit with 3 where anything is flagged.' },
      {
        flag: '--store',
        description: 'Keep the result; `lag-exporter` exports the newest as data_completeness_diff_ratio.',
      },
      JSON_FLAG,
    ],
    requires: REQUIRED_BY.completeness,
    exitCodes: '3 something is flagged (with --fail)',
  },
  ctl: {
    summary: 'Tell a running engine to drain, to stand by, or to read (again).',
    arguments: 'standby | activate | drain | resume',
    details: [
      'drain: takes no more, lands what is in flight, tells Kafka, leaves the group; the process and its HTTP live on. resume and activate: join the group (again). standby: drained where it is active, then tested against broker, decoder and database without landing anything.',
      'The engine is reached over CONTROL_SOCKET, or over HTTP with CONTROL_TOKEN; both must be the engine’s own. Asked for the state it is in, it does nothing and answers with 0.',
    ].join('\n'),
    flags: [
      { flag: '--wait N', description: 'Wait at most N seconds, 60 by default; the engine goes on all the same.' },
      { flag: '--socket FILE', description: 'The engine’s socket, in place of CONTROL_SOCKET.' },
      { flag: '--url URL', description: 'The engine’s HEALTH_CHECK_PORT, http://127.0.0.1 by default.' },
      JSON_FLAG,
    ],
    requires: REQUIRED_BY.ctl,
    exitCodes: '3 not done when the wait was over, 4 drained but something in flight did not land (it is read again)',
  },
} as const satisfies Record<string, CommandHelp>;

export type CommandName = keyof typeof COMMANDS;

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

/** The text of `--help` without a command. */
export function overview(): string {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary] as const);
  return [
    'Lands every Solana DEX trade of Bitquery’s Kafka stream in PostgreSQL, exactly once.',
    '',
    'Usage: node dist/src/main.cjs <command> [flags]',
    '',
    'Commands:',
    ...columns(rows),
    '',
    'node dist/src/main.cjs <command> --help tells more; --version prints the version.',
    'Settings come from environment variables and from .env in the working directory: see README.md.',
  ].join('\n');
}

/** The text of `<command> --help`. */
export function commandHelp(name: CommandName): string {
  const command: CommandHelp = COMMANDS[name];
  const usage = ['node dist/src/main.cjs', name, command.arguments, command.flags.length > 0 ? '[flags]' : undefined];
  const flags = [
    ...command.flags.map(({ flag, description }) => [flag, description] as const),
    ['--help', 'Print this.'] as const,
  ];
  const required = command.requires.map((option) => OPTIONS[option].env).join(', ');
  return [
    command.summary,
    '',
    `Usage: ${usage.filter((part) => part !== undefined).join(' ')}`,
    '',
    command.details,
    '',
    'Flags:',
    ...columns(flags),
    '',
    required === '' ? 'Needs no settings.' : `Must be set: ${required}. All settings are listed in README.md.`,
    `Exit codes: ${['0 done', '1 failed', '2 wrong usage or configuration', command.exitCodes].filter((code) => code !== undefined).join(', ')}.`,
  ].join('\n');
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
