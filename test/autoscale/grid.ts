import { DEFAULT_BEHAVIOR, type ScalingPolicy } from './hpa.js';
import { LOADS } from './loads.js';
import { type Outcome, type Settings, simulate } from './simulate.js';

/**
 * What an outcome costs, in minutes of one engine. A minute in which the objective of freshness is missed is dear, it is what all of this
 * is for, and one that alerts more so; a change of the number of engines is a rebalance; one that is undone was for nothing.
 */
export const PRICES = { staleMinute: 10, lateMinute: 20, extraPodMinute: 1, change: 5, flap: 20 } as const;

export function costOf({ staleMinutes, lateMinutes, extraPodMinutes, changes, flaps }: Outcome): number {
  return (
    PRICES.staleMinute * staleMinutes +
    PRICES.lateMinute * lateMinutes +
    PRICES.extraPodMinute * extraPodMinutes +
    PRICES.change * changes +
    PRICES.flap * flaps
  );
}

export interface Candidate {
  readonly name: string;
  readonly settings: Settings;
}

const BOUNDS = { minReplicas: 2, maxReplicas: 10 };
const pods = (value: number, periodSeconds: number): ScalingPolicy => ({ type: 'Pods', value, periodSeconds });

/** The guide’s: all lag, and what Kubernetes does by itself. */
export const GUIDE: Settings = {
  ...BOUNDS,
  metric: 'lag',
  target: { type: 'AverageValue', value: 10_000 },
  behavior: DEFAULT_BEHAVIOR,
};

/** No autoscaler at all. */
export const FIXED: Settings = { ...GUIDE, maxReplicas: 2 };

/** What hpa.yaml could say. */
export function grid(): Candidate[] {
  const candidates: Candidate[] = [];
  for (const target of [5_000, 10_000, 20_000, 40_000])
    for (const upWindow of [0, 60, 120])
      for (const up of [pods(1, 60), pods(2, 60), pods(4, 60)])
        for (const downWindow of [300, 600, 1_200, 2_400])
          for (const down of [pods(1, 60), pods(1, 120), pods(1, 300), pods(1, 600)])
            candidates.push(candidate(target, upWindow, up, downWindow, down));
  return candidates;
}

function candidate(
  value: number,
  upWindow: number,
  up: ScalingPolicy,
  downWindow: number,
  down: ScalingPolicy,
): Candidate {
  const settings: Settings = {
    ...BOUNDS,
    metric: 'useful lag',
    target: { type: 'AverageValue', value },
    behavior: {
      scaleUp: { stabilizationWindowSeconds: upWindow, selectPolicy: 'Max', policies: [up] },
      scaleDown: { stabilizationWindowSeconds: downWindow, selectPolicy: 'Max', policies: [down] },
    },
  };
  return { name: describe(settings), settings };
}

export function describe({ target, behavior }: Settings): string {
  const { scaleUp, scaleDown } = behavior;
  const policy = ({ type, value, periodSeconds }: ScalingPolicy): string =>
    `${value}${type === 'Pods' ? '' : ' %'} in ${periodSeconds} s`;
  return [
    `${target.value}`,
    `up ${scaleUp.policies.map(policy).join(' or ')} after ${scaleUp.stabilizationWindowSeconds} s`,
    `down ${scaleDown.policies.map(policy).join(' or ')} after ${scaleDown.stabilizationWindowSeconds} s`,
  ].join(', ');
}

/** Cost over all loads and seeds, per run. */
export function score(settings: Settings, seeds: readonly number[]): number {
  const costs = LOADS.flatMap((load) => seeds.map((seed) => costOf(simulate(settings, load, seed))));
  return costs.reduce((sum, one) => sum + one, 0) / seeds.length;
}
