import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { runMain } from '../support/command.js';
import { type DocBlock, docBlocks, placeOf, readPage } from '../support/doc-blocks.js';
import { DocFolder } from '../support/doc-commands.js';
import { testPage } from '../support/doc-page.js';
import { brokenLinks } from './links.js';
import { freshStage } from './live-stage.js';
import { MODEST } from './stages.js';

const ROOT = new URL('../../../', import.meta.url);
const QUESTIONS = [
  'connect-to-bitquery',
  'catch-up-after-an-outage',
  'add-a-replica',
  'change-the-schema',
  'query-the-data',
  'write-a-new-table',
].map((name) => `docs/${name}.md`);
const READ_ONLY = ['text', 'json', 'diff', 'mermaid'];

/** Blocks that no test runs, with the reason that stands beside them. */
const SKIPPED: readonly (readonly [place: RegExp, command: string])[] = [
  [/^README\.md/, 'npm ci && npm run demo'],
  [/^README\.md/, 'npm ci && npm test'],
];

const docs = readdirSync(new URL('docs/', ROOT))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);
const pages = [...docs, 'README.md', 'RUNBOOK.md', 'PRODUCTION_CHECKLIST.md'].filter((page) =>
  existsSync(new URL(page, ROOT)),
);

function isExecutable({ language, marks }: DocBlock): boolean {
  return !READ_ONLY.includes(language) || marks.file !== undefined;
}

/** Pages that a test executes, by its own text. */
function testedPages(): Set<string> {
  const files = (readdirSync(new URL('test/', ROOT), { recursive: true }) as string[]).filter((file) =>
    file.endsWith('.test.ts'),
  );
  const texts = files.map((file) => readFileSync(new URL(`test/${file}`, ROOT), 'utf8'));
  return new Set(
    texts.flatMap((text) => [...text.matchAll(/\btestPage(?:<\w+>)?\(\s*'([^']+)'/g)].map(([, page = '']) => page)),
  );
}

describe('the pages', () => {
  it('that have commands are all executed by a test, through testPage of test/support/doc-page.ts', () => {
    const tested = testedPages();
    assert.deepEqual(
      pages.filter((page) => !tested.has(page) && docBlocks(page).some(isExecutable)),
      [],
    );
  });

  it('leave no block out but those that are listed here', () => {
    const skipped = QUESTIONS.concat('README.md', 'docs/README.md')
      .flatMap(docBlocks)
      .filter(({ marks }) => marks.skip !== undefined);
    const isListed = (block: DocBlock): boolean =>
      SKIPPED.some(([place, command]) => place.test(placeOf(block)) && block.text === `${command}\n`);
    assert.deepEqual(skipped.filter((block) => !isListed(block)).map(placeOf), []);
    assert.equal(skipped.length, SKIPPED.length);
  });

  it('are all in docs/README.md', () => {
    const index = readPage('docs/README.md');
    const missing = docs.filter(
      (page) => page !== 'docs/README.md' && !index.includes(`](${page.slice('docs/'.length)})`),
    );
    assert.deepEqual(missing, [], 'add a line to docs/README.md');
  });

  it('lead somewhere with every link', () => {
    assert.deepEqual(
      pages.flatMap((page) => brokenLinks(page).map((link) => `${page}: ${link}`)),
      [],
    );
  });

  it('answer the question of their title before anything else, and say what can go wrong and what it costs', () => {
    for (const page of QUESTIONS) {
      const text = readPage(page);
      assert.match(text, /^# How do I [^\n]+\?\n\n[A-Z]/, page);
      assert.match(text, /^## What (?:else )?can go wrong$/m, page);
      assert.match(text, /^## (?:Limits|What it costs|What a replica takes)$|^Limits: /m, page);
    }
  });

  it('say of each line of `check` what it means', async () => {
    const { stdout } = await runMain(['check', '--json'], { KAFKA_BROKERS: 'no port' });
    const { checks } = JSON.parse(stdout) as { checks: { name: string }[] };
    assert.ok(checks.length > 15);
    const page = readPage('docs/connect-to-bitquery.md');
    assert.deepEqual(
      checks.map(({ name }) => name).filter((name) => !page.includes(`\n| \`${name}\` |`)),
      [],
    );
  });
});

testPage('README.md', freshStage);
testPage('docs/README.md', async () => {
  const folder = new DocFolder({ dotEnv: MODEST });
  return { folder, close: async () => folder.close() };
});
