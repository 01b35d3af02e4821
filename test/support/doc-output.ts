/** Stands for anything within a line, blanks beside it included; alone on a line, for any lines. */
const ANYTHING = '…';

/**
 * The first line of a shown output that a real one has not, in order; null where it has them all. The real one may have more lines.
 * A number stands for any number, white space for any white space, rules of a table for any rules, `…` for anything.
 */
export function missingLine(shown: string, real: string): string | null {
  const lines = real.split('\n');
  let from = 0;
  for (const line of shown.split('\n')) {
    if (line.trim() === '' || line.trim() === ANYTHING) continue;
    const pattern = patternOf(line);
    const at = lines.findIndex((candidate, index) => index >= from && pattern.test(candidate));
    if (at < 0) return line;
    from = at + 1;
  }
  return null;
}

const NUMBER = String.raw`[+-]?\d[\d.,]*(?:e[+-]?\d+)?`;

function patternOf(line: string): RegExp {
  const parts = line.trim().matchAll(/\s*…\s*|\d[\d.,]*\d|\d|\s+|-{2,}|[^\d\s…-]+|-/g);
  const pattern = [...parts].map(([part]) => {
    if (part.includes(ANYTHING)) return '.*';
    if (/^\d/.test(part)) return NUMBER;
    if (/^\s/.test(part)) return String.raw`\s+`;
    if (part.startsWith('--')) return '-+';
    return part.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  });
  return new RegExp(String.raw`^\s*${pattern.join('')}\s*$`);
}
