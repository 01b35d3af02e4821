import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { OPTIONS } from '../../src/config.js';
import { ERROR_CODES } from '../../src/errors.js';
import { LOG_EVENTS } from '../../src/observe/log-events.js';
import { docBlocks, placeOf, readPage } from '../support/doc-blocks.js';
import { knownMetrics } from '../support/promql-metrics.js';

const ROOT = new URL('../../../', import.meta.url);
const PAGES = ['RUNBOOK.md', 'PRODUCTION_CHECKLIST.md'].filter((page) => existsSync(new URL(page, ROOT)));
const runbook = readPage('RUNBOOK.md');

/** Blocks that no test of the page runs, with the reason that stands beside them. */
const SKIPPED = ['RUNBOOK.md: Watchdog'];
/** Names of PostgreSQL, Linux, Node and of JSON that a page may have; what is the project's own is looked up where it is defined. */
const FOREIGN =
  /^(runbook_url|solana_113|pg_(?:stat_(?:activity|checkpointer|bgwriter|archiver)|blocking_pids|backend_pid|terminate_backend|is_in_recovery|size_pretty|total_relation_size|class|inherits|hba)|current_\w+|transaction_read_only|max_connections|max_wal_size|wait_event(_type)?|usename|xact_start|open_for|waits_for|num_timed|num_requested|is_replica|read_only|process_resident_memory_bytes|nodejs_\w+|archived_count|failed_count|last_archived_time|archive_mode)$/;
/** Variables of the pages' own commands, and Node's. */
const FOREIGN_VARIABLES = /^((OWNER|MONITOR|ADMIN|RESTORED)_URL|ENGINE_PID|PROCESS_DIR|STATE_DIR|NODE_OPTIONS)$/;

/** What does not end an engine: it is tried again, or is a command's. */
const TRIED_AGAIN: readonly string[] = [
  'KAFKA_UNREACHABLE',
  'WORKER_CRASHED',
  'WORKER_TIMEOUT',
  'CAPTURE_INVALID',
  'DATABASE_UNREACHABLE',
  'DATABASE_FENCED',
  'CONTROL_UNREACHABLE',
  'SHUTDOWN_DEADLINE',
];

interface Rule {
  readonly alert?: string;
  readonly labels?: { readonly severity?: string };
}

function alerts(): Rule[] {
  const text = readFileSync(new URL('deployment/configs/prometheus_rules.yml', ROOT), 'utf8');
  const { groups } = parse(text) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);
}

/** Text of a section of the second level, null where there is none. */
function section(page: string, title: string): string | null {
  const parts = page.split(/^## /m);
  return parts.find((part) => part.startsWith(`${title}\n`)) ?? null;
}

function filesIn(folder: string, ending: string): string {
  return (readdirSync(new URL(folder, ROOT), { recursive: true }) as string[])
    .filter((file) => file.endsWith(ending) && statSync(new URL(`${folder}/${file}`, ROOT)).isFile())
    .map((file) => readFileSync(new URL(`${folder}/${file}`, ROOT), 'utf8'))
    .join('\n');
}

/** Words with an underscore: metrics, codes of log events, tables and their columns, fields of answers. */
function knownWords(): Set<string> {
  const suffixed = [...knownMetrics().keys()].flatMap((name) =>
    ['', '_bucket', '_sum', '_count'].map((end) => name + end),
  );
  const words = `${filesIn('src', '.sql')} ${filesIn('src', '.ts')}`.match(/\b[a-z]+(?:_[a-z0-9]+)+\b/g);
  return new Set([...suffixed, ...Object.keys(LOG_EVENTS), ...(words ?? [])]);
}

function unknownWords(text: string, known: ReadonlySet<string>): string[] {
  const bare = text.replaceAll(
    /[\w./-]*\.(?:md|sh|yml|yaml|sql|json|capture|template|mjs)\b|\/run\/\S+|trades_(?:owner|engine|reader|monitor)/g,
    '',
  );
  // `a_(b|c)` of a grep stands for both.
  const spread = bare.replaceAll(/\b(\w+_)\(([\w|]+)\)/g, (_, stem: string, ends: string) =>
    ends
      .split('|')
      .map((end) => stem + end)
      .join(' '),
  );
  const found = spread.match(/(?<![\w./-])[a-z]+(?:_[a-z0-9]+)+\b(?!\()/g) ?? [];
  return [...new Set(found)].filter((word) => !known.has(word) && !FOREIGN.test(word));
}

function unknownVariables(page: string): string[] {
  const text = page.replaceAll(/\w+\.md\b/g, '');
  const options = Object.values(OPTIONS).flatMap(({ env }) => [env, `${env}_FILE`]);
  const known = new Set<string>([...options, ...ERROR_CODES]);
  const deployed = filesIn('deployment', '');
  const found = text.match(/\b[A-Z]+(?:_[A-Z0-9]+)+\b/g) ?? [];
  return [...new Set(found)].filter(
    (name) => !known.has(name) && !FOREIGN_VARIABLES.test(name) && !new RegExp(`\\b${name}\\b`).test(deployed),
  );
}

describe('the runbook', () => {
  for (const { alert = '' } of alerts())
    it(`says of ${alert} what it means, where to look, what to do and when to wake someone`, () => {
      const text = section(runbook, alert);
      assert.ok(text, `RUNBOOK.md has no section ${alert}`);
      for (const part of [/^\*\*Means:\*\* \S/m, /^\*\*Look\b/m, /^\*\*(?:Look and d|D)o\b/m, /^\*\*Wake someone/m])
        assert.match(text, part);
    });

  it('has somebody woken for nothing that is only a warning, unless it gets worse', () => {
    for (const { alert = '', labels } of alerts()) {
      const [, when = ''] = /^\*\*Wake someone:?\*\*(.*)/m.exec(section(runbook, alert) ?? '') ?? [];
      if (labels?.severity === 'warning') assert.doesNotMatch(when, /^ now/, alert);
    }
  });

  it('explains every error that can end an engine', () => {
    const text = section(runbook, 'It does not start') ?? '';
    const cells = [...text.matchAll(/^\| (.*?) \|/gm)].map(([, cell = '']) => cell).join(' ');
    const told = new Set(cells.match(/\b[A-Z]+(?:_[A-Z]+)*\b/g));
    assert.deepEqual(
      ERROR_CODES.filter((code) => !told.has(code) && !TRIED_AGAIN.includes(code)),
      [],
    );
  });

  it('reaches every other section from its first table', () => {
    const titles = [...runbook.matchAll(/^## (.+)$/gm)].map(([, title = '']) => title);
    const names = new Set(alerts().map(({ alert }) => alert));
    const [head = ''] = runbook.split(/^## /m);
    const unreached = titles.filter(
      (title) => !names.has(title) && !head.includes(`(#${title.toLowerCase().replaceAll(' ', '-')})`),
    );
    assert.deepEqual(unreached, ['Before you begin', 'The first two minutes']);
  });
});

describe('runbook and checklist', () => {
  const known = knownWords();
  for (const page of PAGES) {
    it(`${page} names no metric, event code, table or field that there is not`, () =>
      assert.deepEqual(unknownWords(readPage(page), known), []));

    it(`${page} names no setting that there is not`, () => assert.deepEqual(unknownVariables(readPage(page)), []));

    it(`${page} names no file that there is not`, () => {
      const paths = readPage(page).match(/(?<![\w/])(?:deployment|docs|src|test|bench|scripts)\/[\w./-]*\w/g) ?? [];
      assert.deepEqual(
        paths.filter((path) => !existsSync(new URL(path, ROOT))),
        [],
      );
    });

    it(`${page} asks for no route that is not served`, () => {
      const served = readFileSync(new URL('src/observe/http.ts', ROOT), 'utf8');
      const asked = [...readPage(page).matchAll(/(?:^|; )look (\w+)|127\.0\.0\.1:808\d\/(\w+)/gm)].map(
        ([, look, url]) => look ?? url,
      );
      assert.deepEqual(
        asked.filter((route) => !served.includes(`'/${route}'`)),
        [],
      );
    });
  }

  it('leave no block out but those that are listed here', () => {
    const skipped = PAGES.flatMap(docBlocks).filter(({ marks }) => marks.skip !== undefined);
    assert.deepEqual(
      skipped.map(({ page, heading }) => `${page}: ${heading}`),
      SKIPPED,
      skipped.map(placeOf).join(', '),
    );
  });

  it('would notice a name that is none', () => {
    assert.deepEqual(
      unknownWords('`kafka_consumer_lags` `kafka_consumer_lag` `pg_copy_duration_seconds_(sum|total)`', known),
      ['kafka_consumer_lags', 'pg_copy_duration_seconds_total'],
    );
    assert.deepEqual(unknownVariables('KAFKA_GROUP KAFKA_GROUP_ID DATABASE_FENCED'), ['KAFKA_GROUP']);
  });
});
