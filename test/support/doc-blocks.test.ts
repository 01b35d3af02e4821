import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { docBlocks, parseBlocks } from './doc-blocks.js';
import { DocFolder, missingTools, wrongEnd } from './doc-commands.js';
import { missingLine } from './doc-output.js';

const PAGE = `# How is it?

\`\`\`sh exit=3 until="it is up"
echo 1
# no heading
\`\`\`

## Further

1. A step:
   \`\`\`text output
   one
     two
   \`\`\`
`;

function block(text: string, info = 'sh') {
  return parseBlocks('page.md', `\`\`\`${info}\n${text}\n\`\`\`\n`)[0]!;
}

describe('the blocks of a page', () => {
  it('have a place, a language, marks and a text without its indentation', () => {
    assert.deepEqual(parseBlocks('page.md', PAGE), [
      {
        page: 'page.md',
        line: 3,
        heading: 'How is it?',
        language: 'sh',
        marks: { exit: '3', until: 'it is up' },
        text: 'echo 1\n# no heading\n',
      },
      { page: 'page.md', line: 11, heading: 'Further', language: 'text', marks: { output: '' }, text: 'one\n  two\n' },
    ]);
  });

  it('are refused where nobody could say what to do with them', () => {
    assert.throws(() => block('x', 'sh skp="why"'), /page\.md:1: "skp="why"" is none of the marks/);
    assert.throws(() => block('x', ''), /names no language/);
    assert.throws(() => parseBlocks('page.md', 'a\n```sh\nb\n'), /page\.md:2: the block is never closed/);
  });

  it('are found in the README', () => {
    assert.ok(docBlocks('README.md').some(({ text }) => text.includes('npm run check')));
  });
});

describe('a shown output', () => {
  const real =
    'ok    topic   dex has 4 partitions\nlag 1,024, p99 79 ms\n minute | trades\n--------+-------\n 12:00  |    17\n';

  it('is found whatever its numbers and widths', () => {
    assert.equal(missingLine('ok topic dex has 6 partitions\n…\n minute | trades\n---+----\n 12:01 | 4', real), null);
    assert.equal(missingLine('ok … has 12 partitions\nlag …', real), null);
  });

  it('is missed where a word is another, or the order', () => {
    assert.equal(missingLine('ok topic dex had 4 partitions', real), 'ok topic dex had 4 partitions');
    assert.equal(missingLine('lag 1, p99 1 ms\nok …', real), 'ok …');
    assert.equal(missingLine('lag none, p99 79 ms', real), 'lag none, p99 79 ms');
  });
});

describe('a command of a page', () => {
  const folder = new DocFolder({
    environment: { SEEN: 'yes' },
    dotEnv: { KAFKA_BROKERS: '127.0.0.1:1' },
    replace: { ':8080': ':18080' },
    files: { 'notes/one.txt': 'at :8080\n' },
  });
  it('runs in what looks like a checkout, with its own variables and texts replaced', async () => {
    const { stdout } = await folder.runText('echo $SEEN; cat notes/one.txt .env; echo :8080; ls -d dist/src/main.cjs');
    assert.equal(stdout, 'yes\nat :18080\nKAFKA_BROKERS=127.0.0.1:1\n:18080\ndist/src/main.cjs\n');
  });

  it('runs the engine’s own commands of this build', async () => {
    const outcome = await folder.run(block('node dist/src/main.cjs start --help'));
    assert.match(outcome.stdout, /^Run the engine/);
    assert.equal(wrongEnd(block('x'), outcome), null);
  });

  it('ends at its first error, and is told from one that ends as it should', async () => {
    const failing = block('false\necho on', 'sh');
    const outcome = await folder.run(failing);
    assert.equal(outcome.stdout, '');
    assert.match(wrongEnd(failing, outcome) ?? '', /page\.md:1 \(\) ended with 1 and not with 0/);
    assert.equal(wrongEnd(block('x', 'sh exit=1'), outcome), null);
    assert.match(wrongEnd(block('x', 'sh exit=1 until="up"'), outcome) ?? '', /never said "up"/);
  });

  it('that runs until told to stop is interrupted when it has said what it should', async () => {
    const lasting = block(
      "trap 'echo bye; exit 0' INT; echo it is up; while :; do sleep 0.05; done",
      'sh until="it is up"',
    );
    const outcome = await folder.run(lasting);
    assert.equal(outcome.stdout, 'it is up\nbye\n');
    assert.equal(wrongEnd(lasting, outcome), null);
  });

  it('names the tools that are not there', () => {
    assert.deepEqual(missingTools(block('echo psql; ls | sort')), []);
    const path = process.env.PATH;
    process.env.PATH = '/nowhere';
    assert.deepEqual(missingTools(block('A=1 curl -s x | jq .')), process.env.DOC_TOOLS_REQUIRED ? [] : ['curl', 'jq']);
    process.env.PATH = path;
  });

  it('leaves nothing behind', () => {
    folder.close();
    assert.equal(existsSync(folder.path), false);
  });
});
