import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { KUBERNETES } from '../support/kubernetes/manifests.js';
import type { HpaSettings } from './hpa.js';
import type { Settings } from './simulate.js';

interface HpaFile {
  readonly spec: {
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly metrics: readonly {
      readonly external: {
        readonly target: { readonly type: 'AverageValue' | 'Value'; readonly averageValue: string };
      };
    }[];
    readonly behavior: HpaSettings['behavior'];
  };
}

/** What hpa.yaml says. The adapter’s rule feeds it with the useful lag. */
export function shipped(): Settings {
  const { spec } = parse(readFileSync(join(KUBERNETES, 'hpa.yaml'), 'utf8')) as HpaFile;
  const { type, averageValue } = spec.metrics[0]!.external.target;
  return {
    minReplicas: spec.minReplicas,
    maxReplicas: spec.maxReplicas,
    metric: 'useful lag',
    target: { type, value: Number(averageValue) },
    behavior: spec.behavior,
  };
}
