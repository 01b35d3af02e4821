import type { BlockHeader } from '../../../../proto/generated/full.js';
import type { GeneratorOptions } from './options.js';
import type { Random } from './random.js';

/** One slot of the chain as the stream shows it. */
export interface Slot {
  readonly slot: number;
  /** Virtual time at which it begins, ms since the epoch. */
  readonly startMs: number;
  /** On a dead fork: the chain of later slots passes it by. */
  readonly orphaned: boolean;
  /** The slot before was orphaned: its transactions may come again, under this slot. */
  readonly afterOrphan: boolean;
  /** Complete, as only the slot's final message carries it. */
  readonly header: BlockHeader;
}

/** The chain: now and then a slot number is skipped, and now and then a slot is passed by. */
export function* slots(options: GeneratorOptions, random: Random): Generator<Slot, never> {
  let parent = { slot: options.startSlot - 1, hash: random.bytes(32) };
  let height = options.startSlot - 21_000_000;
  let afterOrphan = false;
  for (let tick = 0; ; tick++) {
    if (random.chance(options.skippedSlotShare)) continue;
    const slot = options.startSlot + tick;
    const startMs = options.startMs + tick * options.slotMs;
    const orphaned: boolean = !afterOrphan && tick > 0 && random.chance(options.orphanedSlotShare);
    const hash = random.bytes(32);
    const header = {
      Slot: slot,
      Hash: hash,
      ParentSlot: parent.slot,
      Height: height,
      Timestamp: Math.floor(startMs / 1_000),
      ParentHash: parent.hash,
    };
    yield { slot, startMs, orphaned, afterOrphan, header };
    if (!orphaned) {
      parent = { slot, hash };
      height++;
    }
    afterOrphan = orphaned;
  }
}
