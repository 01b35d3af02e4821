export type Labels = Readonly<Record<string, string>>;

interface Series {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** What `/metrics` answered, read. */
export class Exposition {
  readonly text: string;
  readonly #series: readonly Series[];

  constructor(text: string) {
    this.text = text;
    this.#series = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(seriesOf);
  }

  /** Series of a name with these labels. */
  series(name: string, labels: Labels = {}): readonly Series[] {
    return this.#series.filter(
      (one) => one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value),
    );
  }

  /** Their sum; NaN where there is none, which is more or less than nothing. */
  sum(name: string, labels: Labels = {}): number {
    const found = this.series(name, labels);
    return found.length === 0 ? Number.NaN : found.reduce((sum, { value }) => sum + value, 0);
  }
}

function seriesOf(line: string): Series {
  const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text]);
  return { name, labels: Object.fromEntries(pairs), value: Number(value.replace('Inf', 'Infinity')) };
}
