import type { EngineStatus } from '../status.js';
import type { Trend } from './history.js';

/** `good`: nothing to do. `busy`: passes by itself. `warn`: look at it. `bad`: do something. */
export type Tone = 'good' | 'busy' | 'warn' | 'bad';

/** Few messages may wait and yet wait for long: then something does not move. */
const LATE_SECONDS = 5;

/** The state of the engine, for somebody who has just been woken up. */
export interface Headline {
  readonly tone: Tone;
  readonly title: string;
  readonly text: string;
}

export interface Course {
  readonly trend: Trend | null;
  readonly lag: number | null;
  /** Age of the first record that has not landed. */
  readonly lagSeconds: number | null;
  readonly etaSeconds: number | null;
  /** From Kafka to the commit, over the last minutes. */
  readonly p99Seconds: number | null;
}

/** What the state means in words, the gravest first. */
export function headline(status: EngineStatus, course: Course, nowMs: number): Headline {
  return (
    ofState(status) ??
    ofDatabase(status, nowMs) ??
    ofKafka(status) ??
    ofWorkers(status) ??
    ofRest(status) ??
    ofFlow(status, course)
  );
}

function ofState({ state, failure }: EngineStatus): Headline | null {
  switch (state) {
    case 'active':
      return null;
    case 'failed':
      return say('bad', 'Failed', `The engine cannot go on and ends: ${failure ?? 'no reason was given'}`);
    case 'starting':
      return say('busy', 'Starting', 'Brings up its decode threads, opens the database and joins the consumer group.');
    case 'draining':
      return say(
        'busy',
        'Draining',
        'Takes no more messages; what is in flight lands, then the partitions are given back.',
      );
    case 'standby':
    case 'drained':
      return null; // said below: what it would stand on may be away
    case 'stopped':
      return say('busy', 'Stopped', 'Everything in flight has landed. Another engine may go on from here.');
  }
}

function ofDatabase({ database }: EngineStatus, nowMs: number): Headline | null {
  const kept = 'Nothing is lost: reading stops when the memory budget is spent, and goes on when the database is back.';
  if (database.breaker === 'open') {
    const since = database.breakerOpenSince === null ? '' : ` for ${duration(nowMs - database.breakerOpenSince)}`;
    return say(
      'bad',
      'Database away',
      `PostgreSQL has failed and has been left alone${since}; it is tried again soon. ${kept}`,
    );
  }
  if (database.breaker === 'half-open') {
    return say('warn', 'Trying the database', `PostgreSQL failed and is being tried again. ${kept}`);
  }
  if (!database.reachable)
    return say('warn', 'Database does not answer', `The last call to PostgreSQL failed. ${kept}`);
  return null;
}

function ofKafka({ state, kafka, partitions }: EngineStatus): Headline | null {
  if (!kafka.connected) {
    return say(
      'bad',
      'No broker',
      'No Kafka broker is connected. Positions are kept; reading goes on when one is back.',
    );
  }
  if (state !== 'active') return null;
  if (!kafka.groupSteady) return say('busy', 'Rebalancing', 'The consumer group is sharing out its partitions.');
  if (partitions.length > 0) return null;
  return say(
    'good',
    'Standing by',
    'The group has given this process no partition. It takes over when a member that has some leaves.',
  );
}

function ofWorkers({ workers }: EngineStatus): Headline | null {
  return workers.threads > 0 ? null : say('bad', 'No decode thread', 'No worker is up, so no message can be read.');
}

/** Neither reads; the one waits to begin, the other has been told to end. */
function ofRest({ state }: EngineStatus): Headline | null {
  if (state === 'standby') {
    return say(
      'good',
      'On standby',
      'Broker, decoder and database were tested and are well. It has not joined the consumer group and reads nothing until told: ctl activate.',
    );
  }
  if (state === 'drained') {
    return say(
      'warn',
      'Drained',
      'Told to stop reading, it has given its partitions back and left the group; another engine may go on. ctl resume joins again.',
    );
  }
  return null;
}

function ofFlow({ held }: EngineStatus, { trend, lag, lagSeconds, etaSeconds, p99Seconds }: Course): Headline {
  const behind = lag === null ? '' : `${lag.toLocaleString('en-US')} messages behind`;
  switch (trend) {
    case 'at-head':
      if (lagSeconds !== null && lagSeconds >= LATE_SECONDS)
        return say(
          'warn',
          'Held up',
          `${behind}, and the first of them has waited for ${duration(lagSeconds * 1_000)}.`,
        );
      return say('good', 'Keeping up', `Trades land as they arrive${pace(p99Seconds)}.`);
    case 'catching-up': {
      const eta = etaSeconds === null ? '' : ` At this pace it is at the head in ${duration(etaSeconds * 1_000)}.`;
      return say('busy', 'Catching up', `${behind}, and the gap closes.${eta}`);
    }
    case 'falling-behind': {
      const why = held ? ' Reading waits because the memory budget is spent: what is behind it is too slow.' : '';
      return say('warn', 'Falling behind', `${behind}, and the gap grows.${why}`);
    }
    case 'level':
      return say('warn', 'Behind', `${behind}, and the gap neither grows nor closes.`);
    default:
      return say(
        'busy',
        'Running',
        lag === null ? 'The end of the stream is not known yet.' : `${behind}; the pace is being measured.`,
      );
  }
}

function pace(p99Seconds: number | null): string {
  if (p99Seconds === null) return '';
  const within = p99Seconds < 1 ? `${Math.ceil(p99Seconds * 100) * 10} ms` : duration(Math.ceil(p99Seconds) * 1_000);
  return `: 99 of 100 are in the database within ${within}`;
}

function say(tone: Tone, title: string, text: string): Headline {
  return { tone, title, text };
}

/** Two units at most: 45 s, 3 min, 2 h 5 min. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.round(hours / 24)} days`;
}
