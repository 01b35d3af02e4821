import { parseFields, writeFields } from './field-tree.js';
import { mutateBytes, mutateTree } from './mutations.js';
import { RandomSource } from './random-source.js';
import { SampleMessages } from './sample-messages.js';

/** Cases made of one sample, each with what was done to the one before. */
const STEPS_MAX = 8;
const TREE_MUTATIONS_MAX = 3;
const BYTE_MUTATIONS_MAX = 3;

/** An endless stream of messages, legal and not, that a seed decides. */
export function* walkerCases(seed: number): Generator<Uint8Array, never> {
  const random = new RandomSource(seed);
  const samples = new SampleMessages(random);
  for (;;) {
    let bytes = samples.next();
    yield bytes;
    const tree = fieldsOf(bytes);
    for (let step = random.below(STEPS_MAX); step > 0; step--) {
      if (tree !== null) {
        for (let i = random.below(TREE_MUTATIONS_MAX + 1); i > 0; i--) mutateTree(tree, random);
        bytes = writeFields(tree);
      }
      if (random.chance(0.4)) {
        for (let i = 1 + random.below(BYTE_MUTATIONS_MAX); i > 0; i--) bytes = mutateBytes(bytes, random);
      }
      yield bytes;
    }
  }
}

/** Null for what no message of ours is. */
function fieldsOf(bytes: Uint8Array) {
  try {
    return parseFields(bytes, 'DexParsedBlockMessage');
  } catch {
    return null;
  }
}
