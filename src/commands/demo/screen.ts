import type { WriteStream } from 'node:tty';

const NO_TERMINAL_LIVE_MS = 5_000;

export interface ScreenOptions {
  readonly stream: Pick<WriteStream, 'write'> & { readonly isTTY?: boolean };
  readonly colour: boolean;
}

/** Where a person looks: lines that stay, and one live line below them that is written over. */
export class Screen {
  readonly #stream: ScreenOptions['stream'];
  readonly #colour: boolean;
  readonly #terminal: boolean;
  #live = '';
  #liveAtMs: number | null = null;

  constructor(options: ScreenOptions) {
    this.#stream = options.stream;
    this.#colour = options.colour;
    this.#terminal = options.stream.isTTY === true;
  }

  lines(...lines: readonly string[]): void {
    this.#erase();
    for (const line of lines) this.#stream.write(`${line}\n`);
    if (this.#live !== '') this.#stream.write(this.#live);
  }

  /** Where there is no terminal to write over, a line now and then. */
  live(line: string, nowMs: number): void {
    if (this.#terminal) {
      this.#erase();
      this.#live = line;
      this.#stream.write(line);
    } else {
      this.#liveAtMs ??= nowMs;
      if (nowMs - this.#liveAtMs < NO_TERMINAL_LIVE_MS) return;
      this.#liveAtMs = nowMs;
      this.#stream.write(`${line}\n`);
    }
  }

  /** The live line stays as it is, and goes on as a line like others. */
  settle(): void {
    if (this.#live !== '') this.#stream.write('\n');
    this.#live = '';
  }

  bold = (text: string): string => this.#paint(1, text);
  dim = (text: string): string => this.#paint(2, text);
  green = (text: string): string => this.#paint(32, text);
  red = (text: string): string => this.#paint(31, text);

  #paint(code: number, text: string): string {
    return this.#colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  }

  #erase(): void {
    if (this.#live !== '') this.#stream.write('\r\u001b[2K');
  }
}

/** Colours belong on a terminal whose user has not said no. */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}
