import { Writable } from 'node:stream';
import { createLogger, type Logger } from '../observe/logger.js';
import type { EngineStatus } from '../observe/status.js';
import { CatchUp } from './catch-up.js';
import { Screen, type ScreenOptions } from './demo/screen.js';

type Level = Parameters<typeof createLogger>[0]['level'];

const REDRAW_MS = 1_000;
const COLUMNS = 80;

/** A log that somebody may be looking at: on a terminal a line of progress stands below it while there is a backlog. */
export interface WatchedLog {
  readonly logger: Logger;
  /** Shows how the backlog is worked off, until the answer is called. */
  follow(status: () => EngineStatus): () => void;
}

export function watchedLog(
  level: Level,
  stream: ScreenOptions['stream'] & { readonly columns?: number } = process.stdout,
): WatchedLog {
  if (stream.isTTY !== true) return { logger: createLogger({ level }), follow: () => () => {} };
  const screen = new Screen({ stream, colour: false });
  const lines = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      screen.lines(...String(chunk).replace(/\n$/, '').split('\n'));
      done();
    },
  });
  const logger = createLogger({ level, pretty: true, destination: Object.assign(lines, { isTTY: true }) });
  return {
    logger,
    follow(status) {
      const progress = new CatchUp();
      const timer = setInterval(() => {
        // What the terminal would break into two lines could not be written over.
        const line = (progress.apply(status(), Date.now()) ?? '').slice(0, (stream.columns ?? COLUMNS) - 1);
        screen.live(line, Date.now());
      }, REDRAW_MS);
      timer.unref();
      return () => {
        clearInterval(timer);
        screen.live('', Date.now());
      };
    },
  };
}
