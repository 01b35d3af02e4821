export interface ScalingPolicy {
  readonly type: 'Pods' | 'Percent';
  readonly value: number;
  readonly periodSeconds: number;
}

export interface ScalingRules {
  readonly stabilizationWindowSeconds: number;
  readonly selectPolicy?: 'Max' | 'Min' | 'Disabled';
  readonly policies: readonly ScalingPolicy[];
}

export interface HpaSettings {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Of an External metric: an AverageValue is a pod's share of it, a Value all of it. */
  readonly target: { readonly type: 'AverageValue' | 'Value'; readonly value: number };
  readonly behavior: { readonly scaleUp: ScalingRules; readonly scaleDown: ScalingRules };
}

/** What Kubernetes does where no behaviour is given. */
export const DEFAULT_BEHAVIOR: HpaSettings['behavior'] = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Percent', value: 100, periodSeconds: 15 },
      { type: 'Pods', value: 4, periodSeconds: 15 },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: 300,
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  },
};

/** How often the controller looks: --horizontal-pod-autoscaler-sync-period. */
export const SYNC_SECONDS = 15;
/** How far from the target is near enough: --horizontal-pod-autoscaler-tolerance. */
const TOLERANCE = 0.1;

/**
 * What the metric alone asks for. Source: GetExternalPerPodMetricReplicas and GetExternalMetricReplicas of
 * k8s.io/kubernetes/pkg/controller/podautoscaler/replica_calculator.go.
 */
export function replicasWanted(target: HpaSettings['target'], current: number, metric: number): number {
  const ratio = target.type === 'AverageValue' ? metric / (target.value * current) : metric / target.value;
  if (ratio >= 1 - TOLERANCE && ratio <= 1 + TOLERANCE) return current;
  return Math.ceil(target.type === 'AverageValue' ? metric / target.value : ratio * current);
}

interface Dated {
  readonly atSeconds: number;
  readonly replicas: number;
}

/**
 * The HorizontalPodAutoscaler of Kubernetes with one External metric. Source: stabilizeRecommendationWithBehaviors,
 * convertDesiredReplicasWithBehaviorRate and what they call in k8s.io/kubernetes/pkg/controller/podautoscaler/horizontal.go.
 */
export class Autoscaler {
  readonly #settings: HpaSettings;
  #recommendations: Dated[];
  #added: Dated[] = [];
  #removed: Dated[] = [];

  constructor(settings: HpaSettings, atSeconds: number, replicas: number) {
    this.#settings = settings;
    this.#recommendations = [{ atSeconds, replicas }];
  }

  /** Replicas from now on. `metric` is null where nobody could tell: then nothing changes. */
  decide(nowSeconds: number, current: number, metric: number | null): number {
    if (metric === null) return current;
    const { minReplicas, maxReplicas, target } = this.#settings;
    const wanted = this.#stabilized(nowSeconds, current, replicasWanted(target, current, metric));
    const next =
      wanted > current
        ? Math.min(wanted, maxReplicas, Math.max(current, this.#upLimit(nowSeconds, current)))
        : wanted < current
          ? Math.max(wanted, minReplicas, Math.min(current, this.#downLimit(nowSeconds, current)))
          : current;
    const bounded = Math.min(maxReplicas, Math.max(minReplicas, next));
    if (bounded > current) this.#added.push({ atSeconds: nowSeconds, replicas: bounded - current });
    if (bounded < current) this.#removed.push({ atSeconds: nowSeconds, replicas: current - bounded });
    return bounded;
  }

  /** Up by the least that was wanted within the window, down by the most. */
  #stabilized(nowSeconds: number, current: number, wanted: number): number {
    const { scaleUp, scaleDown } = this.#settings.behavior;
    const upAfter = nowSeconds - scaleUp.stabilizationWindowSeconds;
    const downAfter = nowSeconds - scaleDown.stabilizationWindowSeconds;
    let up = wanted;
    let down = wanted;
    for (const { atSeconds, replicas } of this.#recommendations) {
      if (atSeconds > upAfter) up = Math.min(up, replicas);
      if (atSeconds > downAfter) down = Math.max(down, replicas);
    }
    const oldest = Math.min(upAfter, downAfter);
    this.#recommendations = this.#recommendations.filter(({ atSeconds }) => atSeconds > oldest);
    this.#recommendations.push({ atSeconds: nowSeconds, replicas: wanted });
    return Math.min(Math.max(current, up), down);
  }

  #upLimit(nowSeconds: number, current: number): number {
    const { policies, selectPolicy = 'Max' } = this.#settings.behavior.scaleUp;
    if (selectPolicy === 'Disabled') return current;
    const proposals = policies.map(({ type, value, periodSeconds }) => {
      const start = this.#startOf(nowSeconds - periodSeconds, current);
      return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100));
    });
    return selectPolicy === 'Max' ? Math.max(...proposals) : Math.min(...proposals);
  }

  #downLimit(nowSeconds: number, current: number): number {
    const { policies, selectPolicy = 'Max' } = this.#settings.behavior.scaleDown;
    if (selectPolicy === 'Disabled') return current;
    const proposals = policies.map(({ type, value, periodSeconds }) => {
      const start = this.#startOf(nowSeconds - periodSeconds, current);
      return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100));
    });
    return selectPolicy === 'Max' ? Math.min(...proposals) : Math.max(...proposals);
  }

  /** Replicas at the beginning of a policy’s period. */
  #startOf(afterSeconds: number, current: number): number {
    const sum = (changes: readonly Dated[]): number =>
      changes.reduce((total, { atSeconds, replicas }) => total + (atSeconds > afterSeconds ? replicas : 0), 0);
    return current - sum(this.#added) + sum(this.#removed);
  }
}
