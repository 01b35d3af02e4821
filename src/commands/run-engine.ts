import { spawn } from 'node:child_process';
import { Engine, type EngineOptions } from '../engine.js';
import type { Logger } from '../observe/logger.js';
import type { EngineStatus } from '../observe/status.js';
import { EXIT_FAILURE } from './run-command.js';
import { onStopSignal } from './signals.js';

/** What ended a run: a signal, an error, or that there was no more to do. */
type End = { readonly signal: NodeJS.Signals } | { readonly error: Error } | 'done';

/** Exit code of a process that a second signal or the deadline ended. */
const EXIT_FORCED = 1;
const EXIT_GRACE_SECONDS = 2;

/**
 * Runs an engine until a signal, an error or `done`; then drains it and answers the exit code: 0 with nothing left to
 * replay, 1 after an error. A second signal, or SHUTDOWN_TIMEOUT_MS, exits at once. Without `done` there is always more to do,
 * and `follow`, where given, looks on.
 */
export async function runEngine(
  options: EngineOptions,
  done?: (engine: Engine) => Promise<void>,
  follow?: (status: () => EngineStatus) => () => void,
): Promise<number> {
  const { logger, config } = options;
  const engine = new Engine(options);
  // In place of main.cts', which hears them for as long as nothing has begun.
  const signalled = new Promise<End>((resolve) => onStopSignal((signal) => resolve({ signal })));
  const failed = engine.failed.then((error): End => ({ error }));
  const run = async (): Promise<End> => {
    await engine.start();
    if (done === undefined) return new Promise<never>(() => {});
    await done(engine);
    return 'done';
  };
  const unfollow = follow?.(() => engine.status());
  const end = await Promise.race([signalled, failed, run().catch((error: Error): End => ({ error }))]);

  unfollow?.();
  const error = end !== 'done' && 'error' in end ? end.error : null;
  if (error !== null) logFailure(logger, error);
  const signal = end !== 'done' && 'signal' in end ? end.signal : null;
  if (signal !== null) logger.info('shutdown', `${signal}: stops fetching, lands what is in flight`);
  exitOnSecondSignal(logger, signal === null ? 0 : 1);
  const deadline = setTimeout(() => {
    logger.fatal(
      'shutdown_deadline',
      `not drained after SHUTDOWN_TIMEOUT_MS=${config.shutdownTimeoutMs}: exits anyway`,
    );
    exitAtOnce();
  }, config.shutdownTimeoutMs);
  const unsettled = await engine.stop();
  clearTimeout(deadline);
  if (error === null && engine.failure !== null) logFailure(logger, engine.failure);
  if (unsettled > 0) {
    const text = `something of ${unsettled} partitions did not land in time; the next engine reads it again`;
    logger.warn('stopped_unsettled', text);
  } else if (engine.failure === null) {
    logger.info('stopped', 'everything in flight has landed');
  }
  return error !== null || engine.failure !== null || unsettled > 0 ? EXIT_FAILURE : 0;
}

function exitOnSecondSignal(logger: Logger, heard: number): void {
  let signals = heard;
  onStopSignal((signal) => {
    signals += 1;
    if (signals === 1) {
      logger.info('shutdown', `${signal}: it is stopping already`);
      return;
    }
    logger.fatal('shutdown_forced', `a second signal (${signal}): exits at once`);
    exitAtOnce();
  });
}

/**
 * process.exit waits for libuv's threads, and one of them may be waiting for a broker that is gone; a signal from a process
 * of its own does not. Where that cannot be started, or has no effect, the exit takes as long as it takes.
 */
function exitAtOnce(): never {
  const kill = `sleep ${EXIT_GRACE_SECONDS}; kill -KILL ${process.pid}`;
  spawn('sh', ['-c', kill], { detached: true, stdio: 'ignore' })
    .on('error', () => {})
    .unref();
  process.exit(EXIT_FORCED);
}

function logFailure(logger: Logger, error: Error): void {
  logger.fatal('engine_failed', error.message, { error });
}
