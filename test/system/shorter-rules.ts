import { parse, stringify } from 'yaml';

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
/** A range needs a few samples, one a second. */
const RANGE_SECONDS_MIN = 4;

export interface Shortening {
  /** `for` takes this share of its time. */
  readonly forDivisor: number;
  /** Ranges and offsets of expressions take this share of theirs. */
  readonly rangeDivisor: number;
}

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly { readonly expr: string; readonly for?: string }[] }[];
}

/**
 * A file of rules whose times are shorter and which is otherwise the same: a test cannot wait for the shipped ones. Touches
 * `for`, `[range]` and `offset`, and no number.
 */
export function shorterRules(text: string, { forDivisor, rangeDivisor }: Shortening): string {
  const range = (duration: string): string =>
    `${Math.max(RANGE_SECONDS_MIN, Math.round(secondsOf(duration) / rangeDivisor))}s`;
  const { groups } = parse(text) as RuleFile;
  const shorter = groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => ({
      ...rule,
      expr: rule.expr
        .replaceAll(/\[(\d+[smhd])\]/g, (_, duration: string) => `[${range(duration)}]`)
        .replaceAll(/\boffset (\d+[smhd])\b/g, (_, duration: string) => `offset ${range(duration)}`),
      ...(rule.for === undefined ? {} : { for: `${Math.ceil(secondsOf(rule.for) / forDivisor)}s` }),
    })),
  }));
  return stringify({ groups: shorter });
}

function secondsOf(duration: string): number {
  const [, number, unit = ''] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  const seconds = Number(number) * (UNIT_SECONDS[unit] ?? Number.NaN);
  if (Number.isNaN(seconds)) throw new Error(`no duration: ${duration}`);
  return seconds;
}
