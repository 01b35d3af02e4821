import type { BenchOptions } from './bench-options.js';
import type { Figures } from './figures.js';
import type { Progress } from './progress.js';
import type { Flame } from './report/flame.js';
import type { Chart } from './results.js';
import type { Stage } from './stage/stage.js';
import type { Table } from './table.js';

/** What a bench command works with and writes to. */
export interface BenchContext {
  readonly options: BenchOptions;
  readonly figures: Figures;
  readonly progress: Progress;
  /** Where result files go. */
  readonly folder: string;
  readonly stem: string;
  /** Broker and database, started at the first use. */
  stage(): Promise<Stage>;
  /** Prints a table at once, and keeps it for the report. */
  table(table: Table): void;
  chart(chart: Chart): void;
  flame(flame: Flame): void;
  /** Tells what was left out, or what a figure must be read with. */
  remark(text: string): void;
}
