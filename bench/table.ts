/** A table for people; every row has as many cells as the head. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** A sentence under the table. */
  readonly note?: string;
}

/** Lines of a table: the first column to the left, figures to the right. */
export function tableLines(table: Table): string[] {
  const widths = table.head.map((cell, column) =>
    Math.max(width(cell), ...table.rows.map((row) => width(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [
    table.title,
    line(table.head),
    widths.map((columns) => '─'.repeat(columns)).join('  '),
    ...table.rows.map(line),
    ...(table.note === undefined ? [] : [table.note]),
  ];
}

function width(text: string): number {
  return [...text].length;
}

/** Three significant figures, with thousands grouped. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1_000) return Math.round(Number(value.toPrecision(4))).toLocaleString('en-US');
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  return size >= 0.001 ? value.toFixed(3) : value.toExponential(1);
}

export function percent(share: number | null): string {
  return share === null ? '–' : `± ${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}
