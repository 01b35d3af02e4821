import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GROUP, Group } from './group.js';

const PLENTY = 1_000_000;
const OPTIONS = { ...GROUP, partitions: 6, podRate: 100, podStartSeconds: 25, moveSeconds: 4, databaseCostOfPod: 0.1 };

function run(group: Group, from: number, to: number, produced: number, database = PLENTY, up = true): void {
  for (let second = from; second < to; second += 1) group.tick(second, produced, database, up);
}

describe('a group', () => {
  it('lands what its engines can, and the rest waits', () => {
    const group = new Group(OPTIONS, 2);
    run(group, 0, 10, 0);
    run(group, 10, 20, 300);
    assert.equal(Math.round(group.landed), 2_000);
    assert.equal(Math.round(group.lag), 1_000);
    assert.equal(group.usefulLag, group.lag);
  });

  it('gives partitions to a new engine when it is up, and no engine more than its share', () => {
    const group = new Group(OPTIONS, 2);
    run(group, 0, 5, 0);
    assert.deepEqual(group.shares, [3, 3]);
    group.scale(5, 4);
    run(group, 5, 30, 0);
    assert.deepEqual(group.shares, [3, 3]);
    run(group, 30, 31, 0);
    assert.deepEqual(group.shares, [2, 2, 1, 1]);
    group.scale(31, 10);
    run(group, 31, 57, 0);
    assert.deepEqual(group.shares, [1, 1, 1, 1, 1, 1, 0, 0, 0, 0]);
  });

  it('stands still where a partition moves, and nowhere else', () => {
    const group = new Group(OPTIONS, 2);
    run(group, 0, 10, 60);
    assert.equal(Math.round(group.lag), 0);
    group.scale(10, 3);
    run(group, 10, 36, 60);
    // Two of six partitions move.
    assert.equal(Math.round(group.lag), 20);
    run(group, 36, 39, 60);
    assert.equal(Math.round(group.lag), 80);
    run(group, 39, 45, 60);
    assert.equal(Math.round(group.lag), 0);
  });

  it('gets no faster by engines beyond the partitions', () => {
    const group = new Group(OPTIONS, 10);
    run(group, 0, 10, 0);
    run(group, 10, 20, 1_000);
    assert.equal(Math.round(group.landed), 6_000);
  });

  it('is slowed down by every engine more while the database is what holds it up, and says so', () => {
    for (const [replicas, landed] of [
      [1, 1_000],
      [3, 2_400 / 2],
      [6, 1_500 / 2],
    ] as const) {
      const group = new Group(OPTIONS, replicas);
      run(group, 0, 10, 0);
      run(group, 10, 20, 1_000, 150);
      assert.equal(Math.round(group.landed), landed, `${replicas} engines`);
      assert.equal(group.usefulLag, replicas === 1 ? group.lag : 0);
    }
  });

  it('lands nothing while no engine can run, and has it all after', () => {
    const group = new Group(OPTIONS, 2);
    run(group, 0, 10, 0);
    run(group, 10, 20, 50, PLENTY, false);
    assert.equal(Math.round(group.lag), 500);
    run(group, 20, 40, 50);
    assert.equal(Math.round(group.lag), 0);
  });
});
