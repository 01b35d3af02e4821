import { readFileSync } from 'node:fs';
import { composeProject } from '../support/compose-file.js';
import { containersOf, KUBERNETES, manifestsIn, manifestsOf, templateOf } from '../support/kubernetes/manifests.js';
import type { Deployed } from './deployment-commands.js';

/** What must be set before compose reads its files. */
const COMPOSE = { KAFKA_BROKERS: 'b:1', KAFKA_USERNAME: 'u', KAFKA_GROUP_ID: 'u-g' };

/** What deployment/kubernetes, KEDA's overlay and deployment/compose make when they are applied as they stand. */
export function shippedDeployment(): Deployed {
  const others = ['secret.yaml.template', 'overlays/keda/scaledobject.yaml'].map((path) =>
    readFileSync(`${KUBERNETES}${path}`, 'utf8'),
  );
  const objects: Record<string, string[]> = {};
  const containers: Record<string, string[]> = {};
  for (const manifest of [...manifestsIn(KUBERNETES), ...others.flatMap(manifestsOf)]) {
    const { name } = manifest.metadata;
    const kind = manifest.kind.toLowerCase();
    objects[kind] = [...(objects[kind] ?? []), name];
    const template = templateOf(manifest);
    if (template !== null) containers[name] = containersOf(template).map((container) => container.name);
  }
  return { objects, containers, services: Object.keys(composeProject(['docker-compose.yml'], COMPOSE).services) };
}
