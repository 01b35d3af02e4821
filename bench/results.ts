import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError, messageOf } from '../src/errors.js';
import type { Figure } from './figures.js';
import type { Machine } from './machine.js';
import type { Table } from './table.js';

/** A chart as data, so that a report can be drawn again from a result file. */
export interface Chart {
  readonly title: string;
  readonly kind: 'line' | 'bars';
  readonly x: string;
  readonly y: string;
  readonly logX?: boolean;
  readonly logY?: boolean;
  readonly series: readonly ChartSeries[];
  readonly note?: string;
}

export interface ChartSeries {
  readonly name: string;
  /** Of a line, (x, y); of bars, the place of the bar and its height. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Names of the places of bars. */
  readonly labels?: readonly string[];
}

export interface BenchResult {
  readonly schema: 1;
  readonly startedAt: string;
  readonly seconds: number;
  readonly commands: readonly string[];
  readonly quick: boolean;
  readonly seed: number;
  /** The broker that end-to-end figures were made with, null without any. */
  readonly broker: string | null;
  readonly database: string | null;
  readonly machine: Machine;
  readonly figures: readonly Figure[];
  readonly tables: readonly Table[];
  readonly charts: readonly Chart[];
  /** What was left out or went wrong, a sentence each. */
  readonly remarks: readonly string[];
}

/** Writes `<date>.json` into `folder` and answers its path. */
export async function writeResult(folder: string, result: BenchResult): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${fileStem(result)}.json`);
  await writeFile(file, `${JSON.stringify(result, null, 1)}\n`);
  return file;
}

/** Date and time of the start, fit for a file name. */
export function fileStem({ startedAt }: Pick<BenchResult, 'startedAt'>): string {
  return startedAt.slice(0, 16).replace('T', '-').replaceAll(':', '');
}

/** Throws CONFIG_INVALID where there is no such file or it is not a result. */
export async function readResult(file: string): Promise<BenchResult> {
  try {
    const result = JSON.parse(await readFile(file, 'utf8')) as BenchResult;
    if (result.schema !== 1 || !Array.isArray(result.figures)) throw new Error('it has no figures of schema 1');
    return result;
  } catch (cause) {
    throw new EngineError('CONFIG_INVALID', `${file} is not a result of this bench: ${messageOf(cause)}`, { cause });
  }
}
