// Writes the PrometheusRule of the operator from deployment/configs/prometheus_rules.yml; with --check it only says whether it is
// current. Needs nothing but Node.
import { readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const source = 'deployment/configs/prometheus_rules.yml';
const target = new URL('deployment/kubernetes/overlays/prometheus-operator/prometheus-rule.yaml', root);

const rules = readFileSync(new URL(source, root), 'utf8');
const groups = rules.slice(rules.search(/^groups:/m));
const text = `# Made of ${source} by \`node scripts/write-prometheus-rule.mjs\`: change it there, the address
# of the runbook too (PRODUCTION_CHECKLIST.md, 8).
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: bitquery-kafka
  labels: { app.kubernetes.io/part-of: bitquery-kafka }
spec:
${groups.replace(/^(?=.)/gm, '  ')}`;

if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error(`${target.pathname} is not what ${source} makes: run node scripts/write-prometheus-rule.mjs`);
  process.exitCode = 1;
}
