import { GOALS, goalText, meets } from './goals.js';
import { median, spreadOf } from './statistics.js';

/** One number of a run. */
export interface Figure {
  /** Dotted: command, what was measured, what of it. The same in every run, so that two runs can be compared. */
  readonly name: string;
  /** Median of the rounds. */
  readonly value: number;
  readonly unit: string;
  /** Half the distance between the quartiles of the rounds, as a share of the value; null for fewer than three rounds. */
  readonly spread: number | null;
  readonly rounds: number;
  readonly better: 'higher' | 'lower';
  readonly goal: string | null;
  readonly met: boolean | null;
}

/** The figures of one run, in the order they were made. */
export class Figures {
  readonly #figures: Figure[] = [];

  get all(): readonly Figure[] {
    return this.#figures;
  }

  /** Throws for a name that is there already, and for rounds that are not numbers. */
  add(name: string, rounds: number | readonly number[], unit: string, better: Figure['better']): Figure {
    const values = typeof rounds === 'number' ? [rounds] : rounds;
    const value = median(values);
    if (!Number.isFinite(value)) throw new RangeError(`figure ${name} is ${value}`);
    if (this.#figures.some((figure) => figure.name === name)) throw new Error(`figure ${name} was made twice`);
    const goal = GOALS[name];
    const figure: Figure = {
      name,
      value,
      unit,
      spread: spreadOf(values),
      rounds: values.length,
      better,
      goal: goal === undefined ? null : goalText(goal),
      met: goal === undefined ? null : meets(goal, value),
    };
    this.#figures.push(figure);
    return figure;
  }

  get(name: string): Figure | undefined {
    return this.#figures.find((figure) => figure.name === name);
  }
}
