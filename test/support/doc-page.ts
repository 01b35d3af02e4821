import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { parse as parseYaml } from 'yaml';
import { type DocBlock, docBlocks, placeOf } from './doc-blocks.js';
import { type DocFolder, type DocOutcome, missingTools, wrongEnd } from './doc-commands.js';
import { wrongSettings } from './doc-env.js';
import { missingLine } from './doc-output.js';

export interface PageStage {
  /** Where the page's commands run. It goes with the stage. */
  readonly folder: DocFolder;
  /** Connections of the page's SQL by the mark `as`; `''` is that of blocks without one. */
  readonly databases?: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** What a query gave: texts, as PostgreSQL prints them. */
export type Row = Readonly<Record<string, string | null>>;

/** Further claims of a page, by the first line of the block: `-- Volume per venue` or a command. */
export type PageChecks<Stage extends PageStage> = Readonly<
  Record<string, (seen: { readonly rows: readonly Row[]; readonly printed: string; readonly stage: Stage }) => unknown>
>;

/** Languages whose blocks are there to be read. */
const READ_ONLY = ['text', 'json', 'diff'];

/**
 * A test for each block of a page, in order, on one stage. `sh` and `sql` are executed, `env` is held against the engine's options, `yaml` is
 * parsed, a block with the mark `file` is written; one with `output` is compared with what the block before it printed.
 */
export function testPage<Stage extends PageStage>(
  page: string,
  open: () => Promise<Stage>,
  checks: PageChecks<Stage> = {},
): void {
  const blocks = docBlocks(page);
  describe(page, () => {
    let stage: Stage;
    let printed: string | null = null;
    before(async () => {
      stage = await open();
    });
    after(() => stage?.close());

    let skip: string | false = false;
    for (const block of blocks) {
      const [first = ''] = block.text.split('\n');
      // What a block that was left out would have printed is left out with it.
      if (block.marks.output === undefined) skip = whySkipped(block);
      it(`line ${block.line}: ${first}`, { skip }, async () => {
        const seen = await execute(block, stage, printed);
        printed = seen.printed;
        await checks[first]?.({ ...seen, printed: seen.printed ?? '', stage });
      });
    }

    it('has a block for each claim that is checked', () => {
      const firsts = new Set(blocks.map(({ text }) => text.split('\n')[0]));
      for (const first of Object.keys(checks)) assert.ok(firsts.has(first), `no block begins with: ${first}`);
    });
  });
}

function whySkipped(block: DocBlock): string | false {
  if (block.marks.skip !== undefined) return block.marks.skip;
  const missing = block.language === 'sh' ? missingTools(block) : [];
  return missing.length > 0 && `not installed: ${missing.join(', ')}`;
}

interface Seen {
  readonly rows: readonly Row[];
  /** Null where nothing was run, what was printed before included. */
  readonly printed: string | null;
}

async function execute(block: DocBlock, stage: PageStage, printed: string | null): Promise<Seen> {
  const { language, marks, text } = block;
  if (marks.output !== undefined) {
    assert.ok(printed !== null, `${placeOf(block)}: nothing before it prints anything`);
    const missing = missingLine(stage.folder.replaced(text), printed);
    assert.equal(missing, null, `${placeOf(block)} shows what was not printed. It was:\n${printed}`);
    return { rows: [], printed };
  }
  if (marks.file !== undefined) stage.folder.write(marks.file, text);
  else if (language === 'sh') return { rows: [], printed: await runScript(block, stage) };
  else if (language === 'sql') return runSql(block, stage);
  else if (language === 'env') assert.deepEqual(wrongSettings(text), [], placeOf(block));
  else if (language === 'yaml') parseYaml(text);
  else assert.ok(READ_ONLY.includes(language), `${placeOf(block)}: nobody knows how to test \`${language}\``);
  return { rows: [], printed: null };
}

async function runScript(block: DocBlock, { folder }: PageStage): Promise<string> {
  const outcome: DocOutcome = await folder.run(block);
  assert.equal(wrongEnd(block, outcome), null);
  return `${outcome.stdout}${outcome.stderr}`;
}

async function runSql(block: DocBlock, { folder, databases = {} }: PageStage): Promise<Seen> {
  const name = block.marks.as ?? '';
  const url = databases[name];
  assert.ok(url !== undefined, `${placeOf(block)}: the test gives no database as "${name}"`);
  const client = new pg.Client({ connectionString: url, types: { getTypeParser: () => (text: unknown) => text } });
  await client.connect();
  try {
    const answer: unknown = await client.query(folder.replaced(block.text));
    const { rows, fields } = (Array.isArray(answer) ? answer.at(-1) : answer) as pg.QueryResult<Row>;
    if (block.marks.rows !== 'any') assert.ok(rows.length > 0, `${placeOf(block)} finds nothing:\n${block.text}`);
    return {
      rows,
      printed: table(
        fields.map((field) => field.name),
        rows,
      ),
    };
  } catch (error) {
    throw new Error(`${placeOf(block)}: ${(error as Error).message}\n${block.text}`, { cause: error });
  } finally {
    await client.end();
  }
}

function table(names: readonly string[], rows: readonly Row[]): string {
  return [names, ...rows.map((row) => names.map((name) => row[name] ?? ''))]
    .map((cells) => cells.join(' | '))
    .join('\n');
}
