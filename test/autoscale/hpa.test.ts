import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Autoscaler, DEFAULT_BEHAVIOR, type HpaSettings, replicasWanted, type ScalingRules } from './hpa.js';

const NO_WAIT = { stabilizationWindowSeconds: 0 };

function settings(changes: Partial<HpaSettings['behavior']> = {}): HpaSettings {
  const behavior = { ...DEFAULT_BEHAVIOR, scaleDown: { ...DEFAULT_BEHAVIOR.scaleDown, ...NO_WAIT }, ...changes };
  return { minReplicas: 1, maxReplicas: 200, target: { type: 'AverageValue', value: 100 }, behavior };
}

/** Replicas at each look, fifteen seconds apart, while the metric asks for so many. */
function course(of: HpaSettings, from: number, wanted: number, looks: number, everySeconds = 15): number[] {
  const autoscaler = new Autoscaler(of, 0, from);
  let current = from;
  return Array.from({ length: looks }, (_, look) => {
    current = autoscaler.decide((look + 1) * everySeconds, current, wanted * 100);
    return current;
  });
}

describe('what a metric asks for', () => {
  it('is as Kubernetes’ documentation has it: twice the target doubles, half of it halves', () => {
    const value = { type: 'Value', value: 100 } as const;
    assert.equal(replicasWanted(value, 3, 200), 6);
    assert.equal(replicasWanted(value, 4, 50), 2);
    // ceil(5 × 150 / 100)
    assert.equal(replicasWanted(value, 5, 150), 8);
  });

  it('of an average value is all of the metric, shared out, whatever there is now', () => {
    const target = { type: 'AverageValue', value: 10_000 } as const;
    for (const current of [1, 2, 5]) assert.equal(replicasWanted(target, current, 65_000), 7);
    assert.equal(replicasWanted(target, 2, 0), 0);
  });

  it('is nothing else while the ratio is within a tenth of one', () => {
    const target = { type: 'AverageValue', value: 10_000 } as const;
    assert.equal(replicasWanted(target, 2, 20_000), 2);
    assert.equal(replicasWanted(target, 2, 21_999), 2);
    assert.equal(replicasWanted(target, 2, 22_001), 3);
    assert.equal(replicasWanted(target, 2, 18_001), 2);
    assert.equal(replicasWanted(target, 4, 30_000), 3);
    assert.equal(replicasWanted({ type: 'Value', value: 60 }, 10, 66), 10);
  });
});

describe('the autoscaler', () => {
  it('goes up, by default, by four or by as many as there are, whichever is more, every fifteen seconds', () => {
    assert.deepEqual(course(settings(), 1, 100, 6), [5, 10, 20, 40, 80, 100]);
  });

  it('goes down at once, by default, after the most that was wanted in five minutes', () => {
    const autoscaler = new Autoscaler({ ...settings(), behavior: DEFAULT_BEHAVIOR }, 0, 10);
    let current = 10;
    const seen: number[] = [];
    for (let second = 15; second <= 315; second += 15) {
      current = autoscaler.decide(second, current, 200);
      seen.push(current);
    }
    assert.deepEqual([...new Set(seen)], [10, 2]);
    assert.equal(seen.indexOf(2), 300 / 15 - 1);
  });

  it('removes, as the documentation’s example, ten in a hundred or four pods a minute', () => {
    const scaleDown: ScalingRules = {
      ...NO_WAIT,
      policies: [
        { type: 'Pods', value: 4, periodSeconds: 60 },
        { type: 'Percent', value: 10, periodSeconds: 60 },
      ],
    };
    // Of 80 the tenth is 8, of 72 it is 7.2 rounded up to 8; from 40 on, four at a time are more.
    const seen = course(settings({ scaleDown }), 80, 10, 16, 60);
    assert.deepEqual(seen.slice(0, 4), [72, 64, 57, 51]);
    assert.deepEqual(seen.slice(6), [36, 32, 28, 24, 20, 16, 12, 10, 10, 10]);
  });

  it('takes the lesser change where told to, and none where switched off', () => {
    const policies = [
      { type: 'Pods', value: 4, periodSeconds: 60 },
      { type: 'Percent', value: 10, periodSeconds: 60 },
    ] as const;
    assert.deepEqual(
      course(settings({ scaleDown: { ...NO_WAIT, selectPolicy: 'Min', policies } }), 80, 10, 2, 60),
      [76, 72],
    );
    assert.deepEqual(
      course(settings({ scaleDown: { ...NO_WAIT, selectPolicy: 'Disabled', policies } }), 80, 10, 2, 60),
      [80, 80],
    );
    assert.deepEqual(course(settings({ scaleUp: { ...NO_WAIT, selectPolicy: 'Disabled', policies } }), 2, 9, 1), [2]);
  });

  it('counts what it did within the period of a policy, not what it does in one look', () => {
    const scaleUp: ScalingRules = { ...NO_WAIT, policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }] };
    assert.deepEqual(course(settings({ scaleUp }), 2, 9, 9), [4, 4, 4, 4, 6, 6, 6, 6, 8]);
  });

  it('goes up by the least that was wanted within the window', () => {
    const scaleUp: ScalingRules = { ...DEFAULT_BEHAVIOR.scaleUp, stabilizationWindowSeconds: 60 };
    const autoscaler = new Autoscaler(settings({ scaleUp }), 0, 2);
    const metrics = [900, 900, 900, 500, 900, 900, 900, 900];
    const seen: number[] = [];
    for (const [look, metric] of metrics.entries())
      seen.push(autoscaler.decide((look + 1) * 15, seen.at(-1) ?? 2, metric));
    assert.deepEqual(seen, [2, 2, 2, 5, 5, 5, 5, 9]);
  });

  it('stays within its bounds, and changes nothing while nobody tells the metric', () => {
    const bounded = { ...settings(), minReplicas: 2, maxReplicas: 10 };
    assert.deepEqual(course(bounded, 9, 500, 2), [10, 10]);
    assert.deepEqual(course(bounded, 3, 0, 2), [2, 2]);
    assert.equal(new Autoscaler(bounded, 0, 5).decide(15, 5, null), 5);
  });
});
