/**
 * `npm run ledger -- --sent FILE --database URL [--group ID] [--topic NAME] [--first-slot N] [--json]`: holds a database
 * against what was sent, names everything that is wrong, and exits with 1 where something is.
 */
import { parseArgs } from 'node:util';
import pg from 'pg';
import { takeLedger, type Verdict } from './ledger.js';
import { SentLog } from './sent-log.js';

const { values } = parseArgs({
  options: {
    sent: { type: 'string' },
    database: { type: 'string' },
    group: { type: 'string' },
    topic: { type: 'string' },
    'first-slot': { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});

/** The only group and topic in the database, where they are not given. */
async function whose(client: pg.Client): Promise<{ groupId: string; topic: string }> {
  const { rows } = await client.query<{ group_id: string; topic: string }>(
    'SELECT DISTINCT group_id, topic FROM kafka_offsets WHERE group_id = coalesce($1, group_id) AND topic = coalesce($2, topic)',
    [values.group, values.topic],
  );
  const [only, another] = rows;
  if (only === undefined) throw new Error('no partition of that group and topic was ever claimed in this database');
  if (another !== undefined) {
    const choice = rows.map(({ group_id, topic }) => `--group ${group_id} --topic ${topic}`).join('\n');
    throw new Error(`the database holds several: say which with\n${choice}`);
  }
  return { groupId: only.group_id, topic: only.topic };
}

function json({ ledger, findings, clean }: Verdict): string {
  const { messages, trades, deadLetters, gaps, partitionsOff } = ledger;
  return JSON.stringify({ clean, messages, trades, deadLetters, gaps, partitionsOff, findings });
}

function text({ ledger, findings, clean }: Verdict): string {
  const { messages, trades } = ledger;
  const counts = `${messages} messages, ${trades.expected} trades: ${trades.landed} landed, ${trades.missing} missing`;
  const wrong = findings.map((finding) => `${finding.kind}: ${finding.text}`);
  return [
    `${counts}, ${trades.duplicated} twice`,
    ...wrong,
    clean ? 'clean' : `not clean: ${findings.length} findings`,
  ].join('\n');
}

async function main(): Promise<void> {
  if (values.sent === undefined || values.database === undefined) {
    throw new Error('give what was sent, --sent FILE, and the database, --database URL');
  }
  const sent = SentLog.read(values.sent);
  const client = new pg.Client(values.database);
  await client.connect();
  try {
    const source = { ...(await whose(client)), firstSlot: Number(values['first-slot']) };
    const verdict = await takeLedger(client, source, sent);
    console.log(values.json ? json(verdict) : text(verdict));
    process.exitCode = verdict.clean ? 0 : 1;
  } finally {
    await client.end();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
