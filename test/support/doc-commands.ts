import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DocBlock, placeOf } from './doc-blocks.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** Where this very build lies, be its folder called `dist` or not. */
const BUILD = fileURLToPath(new URL('../../', import.meta.url));
/** What a user's checkout holds that a command of a page may use. */
const COPIED = ['package.json', '.env.example', 'src', 'proto', 'deployment', 'scripts', 'docs'];
const BUILT = ['src', 'proto'];
const LINKED = ['node_modules', 'vendor', 'tsconfig.json'];
const COMMAND_TIMEOUT_MS = 120_000;
/** After Ctrl-C: longer than an engine may take to land what is in flight. */
const STOP_TIMEOUT_MS = 60_000;
/** Tools that a page may use and a bare machine need not have. What is not among them must be there, or be one of `programs`. */
const TOOLS = ['psql', 'curl', 'jq', 'promtool', 'openssl'];

export interface DocFolderOptions {
  /** Variables of the commands besides PATH and HOME: what a page calls `$DATABASE_URL`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The folder's `.env`, as a user fills it in. */
  readonly dotEnv?: Readonly<Record<string, string>>;
  /** Texts that cannot stand in a test as they stand in a page: `127.0.0.1:8080`, where that port may be taken. */
  readonly replace?: Readonly<Record<string, string>>;
  /** Files that differ from the project's, by path: texts. */
  readonly files?: Readonly<Record<string, string>>;
  /** Folders whose programs come before all others of their name. */
  readonly programs?: readonly string[];
}

export interface DocOutcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A folder that looks like a built checkout, for the commands of pages: `npm run check`, `node dist/src/main.cjs …` and whatever a page
 * writes there work as in the project's own folder, which stays as it is.
 */
export class DocFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'pages-'));
  readonly #options: DocFolderOptions;
  readonly #running = new Set<number>();
  readonly #leave = (): void => {
    for (const group of this.#running) endGroup(group, 'SIGKILL');
    rmSync(this.path, { recursive: true, force: true });
  };

  constructor(options: DocFolderOptions = {}) {
    this.#options = options;
    process.once('exit', this.#leave); // where a test ended before it came to close
    for (const name of COPIED) cpSync(join(ROOT, name), join(this.path, name), { recursive: true });
    for (const name of BUILT) cpSync(join(BUILD, name), join(this.path, 'dist', name), { recursive: true });
    for (const name of LINKED) symlinkSync(join(ROOT, name), join(this.path, name));
    for (const [path, text] of Object.entries(options.files ?? {})) this.write(path, text);
    if (options.dotEnv !== undefined) this.write('.env', dotEnvText(options.dotEnv));
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.path, path)), { recursive: true });
    writeFileSync(join(this.path, path), this.replaced(text));
  }

  /** Runs a `sh` block as one script of bash that ends at its first error; never throws for what the script does. */
  run(block: DocBlock): Promise<DocOutcome> {
    return this.runText(block.text, block.marks.until);
  }

  /** Runs a script; where `until` is given, it is interrupted as by Ctrl-C as soon as it has printed that. */
  async runText(text: string, until?: string): Promise<DocOutcome> {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', this.replaced(text)], {
      cwd: this.path,
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a process group of its own, as a terminal gives it
    });
    const group = child.pid ?? 0;
    this.#running.add(group);
    const output = { stdout: '', stderr: '' };
    let told = false;
    let timer = setTimeout(() => endGroup(group, 'SIGKILL'), COMMAND_TIMEOUT_MS);
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (piece: string) => {
        output[name] += piece;
        if (told || until === undefined || !`${output.stdout}${output.stderr}`.includes(until)) return;
        told = true;
        clearTimeout(timer);
        timer = setTimeout(() => endGroup(group, 'SIGKILL'), STOP_TIMEOUT_MS);
        endGroup(group, 'SIGINT');
      });
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (...end) => resolve(end));
    });
    clearTimeout(timer);
    this.#running.delete(group);
    return { code, signal, ...output };
  }

  /** Ends what still runs and removes the folder. */
  close(): void {
    process.off('exit', this.#leave);
    this.#leave();
  }

  #environment(): NodeJS.ProcessEnv {
    const { environment = {}, programs = [] } = this.#options;
    const path = [...programs, dirname(process.execPath), process.env.PATH].join(delimiter);
    return {
      PATH: path,
      HOME: this.path,
      TZ: 'UTC',
      LANG: 'C.UTF-8',
      npm_config_update_notifier: 'false',
      ...environment,
    };
  }

  /** A text with the options' replacements made. */
  replaced(text: string): string {
    return Object.entries(this.#options.replace ?? {}).reduce((all, [from, to]) => all.replaceAll(from, to), text);
  }
}

/** Tools of a `sh` block that this machine lacks; with DOC_TOOLS_REQUIRED they must be there. */
export function missingTools({ text }: DocBlock): string[] {
  const named = TOOLS.filter((tool) =>
    new RegExp(String.raw`(?:^|[|;&(]|\$\()\s*(?:\w+=\S*\s+)*${tool}\b`, 'm').test(text),
  );
  if (process.env.DOC_TOOLS_REQUIRED) return [];
  return named.filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
}

/** What is wrong with how a block's script ended; null where it ended as the page says. */
export function wrongEnd(block: DocBlock, { code, signal, stdout, stderr }: DocOutcome): string | null {
  const wanted = Number(block.marks.exit ?? 0);
  const told = block.marks.until === undefined || `${stdout}${stderr}`.includes(block.marks.until);
  // npm itself is ended by Ctrl-C, after its child has ended in its own way.
  const interrupted = block.marks.until !== undefined && block.marks.exit === undefined && signal === 'SIGINT';
  if ((code === wanted || interrupted) && told) return null;
  const ended = told ? `ended with ${signal ?? code} and not with ${wanted}` : `never said "${block.marks.until}"`;
  return `${placeOf(block)} ${ended}:\n${block.text}\n${tail(stdout)}\n${tail(stderr)}`;
}

function tail(text: string): string {
  return text.slice(-3_000);
}

function dotEnvText(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function endGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // It is gone.
  }
}
