import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMMANDS, readBenchOptions } from '../../bench/bench-options.js';

describe('the arguments of the bench', () => {
  it('mean everything where no command is named', () => {
    assert.deepEqual(readBenchOptions(['--quick']).commands, [...COMMANDS]);
  });

  it('keep the order of the bench, not of the line', () => {
    const options = readBenchOptions(['latency', 'micro', '--kafka', '--seed', '7']);
    assert.deepEqual(options.commands, ['micro', 'latency']);
    assert.deepEqual([options.kafka, options.quick, options.seed], [true, false, 7]);
  });

  it('compare two files', () => {
    const options = readBenchOptions(['compare', 'a.json', 'b.json', '--tolerance', '0.05']);
    assert.deepEqual(options.compare, ['a.json', 'b.json']);
    assert.equal(options.tolerance, 0.05);
  });

  it('are refused where they make no sense', () => {
    assert.throws(() => readBenchOptions(['macro']), /there is no bench macro/);
    assert.throws(() => readBenchOptions(['compare', 'a.json']), /two result files/);
    assert.throws(() => readBenchOptions(['--seed', 'x']), /--seed/);
    assert.throws(() => readBenchOptions(['--fast']));
  });
});
