import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { shorterRules } from './shorter-rules.js';

const SHIPPED = new URL('../../../deployment/configs/prometheus_rules.yml', import.meta.url);
const SHORTENING = { forDivisor: 30, rangeDivisor: 60 };

test('shorter rules wait and look back less, and are the same otherwise', () => {
  const text = `groups:
  - name: a
    rules:
      - alert: A
        expr: rate(a_total[5m]) > 900 unless b offset 15m == 300 or c[30s] > 1
        for: 5m
        labels: {severity: warning}
      - record: r5m
        expr: vector(1)`;
  assert.deepEqual(parse(shorterRules(text, SHORTENING)), {
    groups: [
      {
        name: 'a',
        rules: [
          {
            alert: 'A',
            expr: 'rate(a_total[5s]) > 900 unless b offset 15s == 300 or c[4s] > 1',
            for: '10s',
            labels: { severity: 'warning' },
          },
          { record: 'r5m', expr: 'vector(1)' },
        ],
      },
    ],
  });
});

test('the shipped rules have no time that stays long', () => {
  const shorter = shorterRules(readFileSync(SHIPPED, 'utf8'), SHORTENING);
  assert.doesNotMatch(shorter, /\[\d+[mhd]\]|offset \d+[mhd]|for: \d+[mhd]/);
  assert.match(shorter, /\[360s\]/);
});
