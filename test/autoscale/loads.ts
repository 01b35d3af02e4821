/** What comes within a second. */
interface Weather {
  readonly produced: number;
  /** What the database would take from one engine. */
  readonly database: number;
  /** False while no engine can run. */
  readonly up: boolean;
}

export interface Load {
  readonly name: string;
  readonly what: string;
  readonly hours: number;
  /** Weather of a second; the same seed makes the same. */
  readonly weather: (seed: number) => (second: number) => Weather;
}

const PLENTY = 1_000_000;
const MINUTE = 60;
const HOUR = 3_600;

/** A repeatable random number from 0 to 1 for a seed and a counter (the mixer of MurmurHash3). */
export function chance(seed: number, counter: number): number {
  let bits = (seed * 0x9e37_79b1 + counter * 0x85eb_ca6b) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 0x1_0000_0000;
}

/** Never quite level: a fifth up and down from one ten seconds to the next. */
function noise(seed: number, second: number): number {
  return 0.8 + 0.4 * chance(seed, Math.floor(second / 10));
}

/** Seconds into the stretch that began last, of stretches of `every` seconds that each begin at a moment of their own. */
function intoStretch(seed: number, second: number, every: number): number {
  const index = Math.floor(second / every);
  return second - index * every - Math.floor(chance(seed + 7, index) * 0.4 * every);
}

const still = (produced: (seed: number, second: number) => number) => (seed: number) => (second: number) => ({
  produced: produced(seed, second) * noise(seed, second),
  database: PLENTY,
  up: true,
});

/** An engine’s load is what it lands at the most, 500 messages a second: ten times the stream of today. */
export const LOADS: readonly Load[] = [
  {
    name: 'level',
    what: 'what one engine and a half can do, for four hours',
    hours: 4,
    weather: still(() => 750),
  },
  {
    name: 'spikes',
    what: 'every ten minutes half a minute of six engines’ load',
    hours: 4,
    weather: still((seed, second) => {
      const into = intoStretch(seed, second, 10 * MINUTE);
      return into >= 0 && into < 30 ? 3_000 : 450;
    }),
  },
  {
    name: 'bursts',
    what: 'about every hour five to fifteen minutes of three to five engines’ load',
    hours: 6,
    weather: still((seed, second) => {
      const index = Math.floor(second / HOUR);
      const length = (5 + 10 * chance(seed + 11, index)) * MINUTE;
      const into = intoStretch(seed, second, HOUR);
      return into >= 0 && into < length ? 1_500 + 1_000 * chance(seed + 13, index) : 450;
    }),
  },
  {
    name: 'waves',
    what: 'a day’s wave in six hours, from half an engine’s load to four and a half',
    hours: 6,
    weather: still((_, second) => 1_250 - 1_000 * Math.cos((2 * Math.PI * second) / (6 * HOUR))),
  },
  {
    name: 'outage',
    what: 'no engine can run for forty minutes, and then there is what waited',
    hours: 3,
    weather: (seed) => (second) => ({
      produced: 750 * noise(seed, second),
      database: PLENTY,
      up: second < HOUR || second >= HOUR + 40 * MINUTE,
    }),
  },
  {
    name: 'slow database',
    what: 'for an hour the database takes less than is produced, and every engine more costs it something',
    hours: 4,
    weather: (seed) => (second) => ({
      produced: 750 * noise(seed, second),
      database: second >= HOUR && second < 2 * HOUR ? 600 : 2_250,
      up: true,
    }),
  },
];

/** A load, second by second. */
export interface Course {
  /** Messages produced before the second. */
  readonly producedBefore: Float64Array;
  readonly database: Float64Array;
  readonly up: Uint8Array;
}

const courses = new Map<string, Course>();

/** Reckoned once for each load and seed: many settings meet the same. */
export function courseOf(load: Load, seed: number): Course {
  const key = `${load.name} ${seed}`;
  const known = courses.get(key);
  if (known !== undefined) return known;
  const seconds = load.hours * HOUR;
  const course = {
    producedBefore: new Float64Array(seconds + 1),
    database: new Float64Array(seconds),
    up: new Uint8Array(seconds),
  };
  const weather = load.weather(seed);
  for (let second = 0; second < seconds; second += 1) {
    const { produced, database, up } = weather(second);
    course.producedBefore[second + 1] = course.producedBefore[second]! + produced;
    course.database[second] = database;
    course.up[second] = up ? 1 : 0;
  }
  courses.set(key, course);
  return course;
}
