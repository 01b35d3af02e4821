/** Kind of an option, which decides how its text is read and what a wrong one is told. */
export type OptionType = 'string' | 'integer' | 'boolean' | 'choice' | 'path' | 'list';

export interface Option {
  readonly env: string;
  readonly type: OptionType;
  /** Undefined where the option may be absent; a function would hide the value from the docs, so there are none. */
  readonly default?: string | number | boolean | readonly string[];
  readonly unit?: 'ms' | 'bytes' | 'rows' | 'slots' | 'messages';
  readonly min?: number;
  readonly max?: number;
  /** What a choice may be, or what each entry of a list may be. */
  readonly choices?: readonly string[];
  /** Never printed; may be given as NAME_FILE. */
  readonly secret?: boolean;
  /** May be given as NAME_FILE though it is no secret. */
  readonly fromFile?: boolean;
  readonly description: string;
}

export type OptionTable = Readonly<Record<string, Option>>;

type ValueOf<O> = O extends { type: 'integer' }
  ? number
  : O extends { type: 'boolean' }
    ? boolean
    : O extends { type: 'list' }
      ? readonly string[]
      : O extends { choices: readonly (infer C)[] }
        ? C
        : string;

/** The values of a table of options. One without a default is undefined where it was not given. */
export type ValuesOf<T> = {
  readonly [K in keyof T]: T[K] extends { default: unknown } ? ValueOf<T[K]> : ValueOf<T[K]> | undefined;
};

/** Where rules put what they find. */
export interface Report {
  /** One problem per variable is kept, the first. `got` undefined: the variable was not given. */
  problem(env: string, got: string | undefined, wants: string): void;
  warning(sentence: string): void;
}

/** Binds several options to each other. Runs on values of the right type; a wrong one has its default by then. */
export type Rule<T> = (values: ValuesOf<T>, report: Report) => void;

/** A secret is never quoted, an address never with the password in it. */
export function quoted(option: Pick<Option, 'secret'>, value: string): string {
  if (option.secret) return 'a value that is not shown';
  const shown = value.replace(/\/\/[^/@\s]*@/g, '//…@');
  return JSON.stringify(shown.length > 120 ? `${shown.slice(0, 120)}…` : shown);
}
