import { LOG_EVENTS } from './log-events.js';

/** docs/LOGS.md: every event of the table. */
export function logsDocument(): string {
  const rows = Object.entries(LOG_EVENTS).map(
    ([code, { level, means, act }]) => `| \`${code}\` | ${level} | ${means} | ${act} |`,
  );
  return `# Log lines

One line of JSON per event on stdout, in the fields of the Elastic Common Schema; on a terminal the same for people, where pino-pretty
is installed. \`LOG_LEVEL\` is the least severe level printed. Made from \`src/observe/log-events.ts\` by \`npm run docs\`.

| field | |
|---|---|
| \`@timestamp\`, \`log.level\`, \`message\` | when, how grave, and a sentence for people, which may change |
| \`event.code\` | what happened, one of those below; these do not change |
| \`event.suppressed\` | how many lines like this one were left out since the last: of a kind, one every ten seconds is printed |
| \`error.code\`, \`error.type\`, \`error.message\`, \`error.stack_trace\` | of an error; \`error.message\` tells its causes too |
| \`kafka.topic\`, \`kafka.partition\`, \`kafka.offset\` | where in the stream |
| \`engine.*\` | whatever else belongs to the event |
| \`service.name\`, \`process.pid\`, \`ecs.version\` | the same on every line of a process |

Passwords, keys and tokens are blanked out wherever they stand.

| \`event.code\` | level | what happened | what to do |
|---|---|---|---|
${rows.join('\n')}
`;
}
