import { setTimeout as delay } from 'node:timers/promises';
import { type ClaimOptions, settlePosition } from './engine-claim.js';
import type { OwnedPartition } from './engine-partition.js';
import { EngineError, messageOf } from './errors.js';

const RETRY_MS = 500;

/** Moves a partition's reading position: back to where the database or a lost worker left off, or over a gap. */
export class Repositioner {
  readonly #options: ClaimOptions;
  /** Told how many bytes of a partition were dropped from memory. */
  readonly #dropped: (bytes: number, partition: OwnedPartition) => void;
  readonly #failed: (error: Error, partition: OwnedPartition) => void;

  constructor(
    options: ClaimOptions,
    dropped: (bytes: number, partition: OwnedPartition) => void,
    failed: (error: Error, partition: OwnedPartition) => void,
  ) {
    this.#options = options;
    this.#dropped = dropped;
    this.#failed = failed;
  }

  /**
   * Reads again from `position`; everything behind it that the lane does not have yet is dropped. A partition that is
   * being given up only drops.
   */
  async restart(partition: OwnedPartition, position: number): Promise<void> {
    const { intake, topic, partition: number } = partition;
    if (partition.state === 'draining') partition.cutShort = true;
    this.#dropped(partition.restart(position), partition);
    if (partition.state === 'draining' || partition.state === 'closed') return;
    partition.to('seeking');
    const { tenure } = intake;
    while (partition.state === 'seeking' && intake.tenure === tenure) {
      try {
        await this.#options.source.seek({ topic, partition: number, offset: position });
        if (intake.tenure === tenure) partition.to('active');
        return;
      } catch (error) {
        const where = { 'kafka.topic': topic, 'kafka.partition': number, 'kafka.offset': position };
        const text = `partition ${number} of ${topic} could not be read from offset ${position}: ${messageOf(error)}`;
        this.#options.warn({ event: 'seek_failed', ...where }, text);
        await delay(RETRY_MS);
      }
    }
  }

  /**
   * The source may hold the position no longer: lands what is in flight, then goes over the gap or refuses. Whatever moves
   * the position meanwhile has the last word: should it be out of range again, that is told again.
   */
  async checkRange(partition: OwnedPartition, signal: AbortSignal): Promise<void> {
    partition.to('seeking');
    const { tenure } = partition.intake;
    const isCurrent = () => partition.state === 'seeking' && partition.intake.tenure === tenure;
    while (isCurrent() && !signal.aborted) {
      try {
        await partition.whenSettled(signal);
        const watermarks = await this.#options.source.watermarks(partition);
        if (!isCurrent()) return;
        const { topic, partition: number, epoch, landed: nextOffset } = partition;
        const claim = { topic, partition: number, epoch, nextOffset };
        const position = await settlePosition(claim, watermarks, this.#options, signal);
        partition.landed = position;
        if (isCurrent()) await this.restart(partition, position);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof EngineError && (!error.canRetry || error.code === 'DATABASE_FENCED')) {
          this.#failed(error, partition);
          return;
        }
        const text = `the position of partition ${partition.partition} could not be checked; it is tried again`;
        this.#options.warn({ event: 'position_unknown', error }, text);
        await delay(RETRY_MS);
      }
    }
  }
}
