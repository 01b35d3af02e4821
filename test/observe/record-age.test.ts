import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Position, RecordAges } from '../../src/observe/record-age.js';
import { NOW_MS } from './fixtures.js';

const at = (nextOffset: number, lag: number | null, more: Partial<Position> = {}): Position => ({
  partition: 0,
  epoch: 1,
  nextOffset,
  lowWatermark: 0,
  watermarkAtMs: -1,
  lag,
  ...more,
});

/** Records 0 to 9, one a second, the last of them now; they came in two goes. */
function received(): RecordAges {
  const ages = new RecordAges();
  for (let offset = 0; offset < 10; offset++)
    ages.received(0, offset, NOW_MS - 9_000 + offset * 1_000, NOW_MS - (offset < 5 ? 200 : 100));
  return ages;
}

describe('the age of the first record that has not landed', () => {
  it('is that of the record itself where it was read, and grows while it waits', () => {
    const ages = received();
    assert.equal(ages.seconds(at(3, 7), NOW_MS), 6);
    assert.equal(ages.seconds(at(3, 7), NOW_MS + 5_000), 11);
    assert.equal(ages.seconds(at(9, 1), NOW_MS), 0);
  });

  it('is 0 where everything landed, and unknown where the lag is', () => {
    assert.equal(received().seconds(at(10, 0), NOW_MS + 60_000), 0);
    assert.equal(received().seconds(at(10, null), NOW_MS), null);
  });

  it('is known to a tenth of a second of records that came together', () => {
    const ages = new RecordAges();
    for (let offset = 0; offset < 1_000; offset++) ages.received(0, offset, NOW_MS - 5_000 + offset * 5, NOW_MS);
    for (const offset of [0, 1, 17, 500, 999]) {
      const exact = 5 - offset * 0.005;
      const told = ages.seconds(at(offset, 1_000 - offset), NOW_MS) ?? Number.NaN;
      assert.ok(told >= exact - 1e-9 && told < exact + 0.1, `${offset}: ${told} for ${exact}`);
    }
  });

  it('is not known of a record that nobody has read and nothing is known before', () => {
    const ages = new RecordAges();
    ages.look([at(100, 50)]);
    assert.equal(ages.seconds(at(100, 50), NOW_MS), null);
  });

  it('is at most that of the record before it, where that was read', () => {
    const ages = received();
    assert.equal(ages.seconds(at(10, 5), NOW_MS + 2_000), 2);
  });

  it('is at most the time since the broker said that there was none', () => {
    const ages = new RecordAges();
    ages.look([at(100, 0, { watermarkAtMs: NOW_MS })]);
    assert.equal(ages.seconds(at(100, 3), NOW_MS + 4_000), 4);
    ages.look([at(100, 3, { epoch: 2 })]);
    assert.equal(ages.seconds(at(100, 3, { epoch: 2 }), NOW_MS + 4_000), null, 'another claim, another position');
  });

  it('follows a seek back, and a position that retention has passed', () => {
    const ages = received();
    ages.landed({ partition: 0, from: 0, to: 8, oldestTimestampMs: NOW_MS - 9_000 }, 5, NOW_MS);
    ages.received(0, 2, NOW_MS - 7_000, NOW_MS);
    assert.equal(ages.seconds(at(2, 8), NOW_MS), 7);
    assert.equal(received().seconds(at(1, 6, { lowWatermark: 4 }), NOW_MS), 5);
  });

  it('is forgotten of a partition that is given up', () => {
    const ages = received();
    ages.look([at(0, 3, { partition: 1 })]);
    assert.equal(ages.seconds(at(3, 7), NOW_MS), null);
  });

  it('is not known of records without a timestamp', () => {
    const ages = new RecordAges();
    ages.received(0, 0, -1, NOW_MS);
    assert.equal(ages.seconds(at(0, 1), NOW_MS), null);
  });
});

describe('the way of a record', () => {
  const part = { partition: 0, from: 0, to: 5, oldestTimestampMs: NOW_MS - 9_000 };

  it('is told stage by stage, and the stages make up the whole', () => {
    const ages = received();
    assert.equal(ages.decoded(0, 0, 20, NOW_MS), 180, 'it waited from its receipt until decoding began');
    const passage = ages.landed(part, 30, NOW_MS + 100);
    assert.deepEqual(passage, { kafka: 8_800, workers: 200, reassembler: 70, postgres: 30 });
  });

  it('is not known of a stretch that was never decoded or holds no message', () => {
    assert.equal(received().landed(part, 30, NOW_MS), null);
    const ages = received();
    ages.decoded(0, 0, 20, NOW_MS);
    assert.equal(ages.landed({ ...part, oldestTimestampMs: -1 }, 30, NOW_MS), null);
  });

  it('stays known however long nothing lands, in bounded memory', () => {
    const ages = new RecordAges();
    const count = 25_000;
    for (let offset = 0; offset < count; offset++)
      ages.received(0, offset, NOW_MS + offset * 200, NOW_MS + offset * 200);
    const told = ages.seconds(at(12_345, 1), NOW_MS + count * 200) ?? Number.NaN;
    const exact = ((count - 12_345) * 200) / 1_000;
    assert.ok(told >= exact && told < exact + 2, `${told} for ${exact}`);
  });
});
