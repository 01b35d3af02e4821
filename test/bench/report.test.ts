import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Figures } from '../../bench/figures.js';
import { type CpuProfile, flameOf, selfTimes } from '../../bench/report/flame.js';
import { reportHtml } from '../../bench/report/report.js';
import type { BenchResult } from '../../bench/results.js';
import { number, tableLines } from '../../bench/table.js';

const frame = (functionName: string) => ({ functionName, url: 'file:///a/b.js', lineNumber: 0 });
const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 4] },
    { id: 2, callFrame: frame('outer'), children: [3] },
    { id: 3, callFrame: frame('inner') },
    { id: 4, callFrame: { functionName: '(idle)', url: '', lineNumber: -1 } },
  ],
  samples: [3, 2, 4, 3, 3],
  timeDeltas: [1_000, 2_000, 5_000, 4_000, 9_000_000],
};

function result(): BenchResult {
  const figures = new Figures();
  figures.add('latency.1x.p99', [120], 'ms', 'lower');
  return {
    schema: 1,
    startedAt: '2030-01-02T03:04:05.000Z',
    seconds: 61,
    commands: ['latency'],
    quick: true,
    seed: 1,
    broker: 'a <broker>',
    database: null,
    machine: {
      cpu: 'cpu',
      cores: 2,
      memoryGb: 8,
      system: 'linux',
      loadAtStart: 0,
      node: 'v20',
      versions: { pg: '8' },
      commit: 'abc',
      dirty: false,
    },
    figures: figures.all,
    tables: [{ title: 'T', head: ['', 'x'], rows: [['<row>', '1']] }],
    charts: [
      {
        title: 'Line',
        kind: 'line',
        x: 'ms',
        y: 'share',
        logX: true,
        series: [
          {
            name: 's',
            points: [
              [1, 0.5],
              [100, 1],
            ],
          },
        ],
      },
      {
        title: 'Flat',
        kind: 'line',
        x: 's',
        y: 'n',
        series: [
          {
            name: 's',
            points: [
              [0, 0],
              [1, 0],
            ],
          },
          { name: 'none', points: [] },
        ],
      },
      { title: 'Bars', kind: 'bars', x: '', y: 'µs', series: [{ name: 's', points: [[0, 3]], labels: ['one'] }] },
    ],
    remarks: ['a & b'],
  };
}

describe('a flame', () => {
  it('adds samples up by stack, without waiting and without the time of a stopped process', () => {
    const root = flameOf(PROFILE);
    assert.equal(root.ms, 7);
    assert.deepEqual(selfTimes(root), [
      ['inner b.js:1', 5],
      ['outer b.js:1', 2],
    ]);
  });
});

describe('the report', () => {
  const html = reportHtml(result(), [{ title: 'main thread', root: flameOf(PROFILE) }]);

  it('stands alone: no script, nothing from elsewhere', () => {
    assert.doesNotMatch(html, /<script|src=|href=|url\(|https?:\/\//);
  });

  it('draws numbers only, whatever the data', () => {
    assert.doesNotMatch(html, /NaN|Infinity|undefined/);
    assert.equal(html.match(/<svg/g)?.length, 4);
  });

  it('escapes what it shows', () => {
    assert.match(html, /a &lt;broker&gt;/);
    assert.match(html, /&lt;row&gt;/);
    assert.match(html, /a &amp; b/);
  });

  it('says of every goal whether it is met', () => {
    assert.match(html, /not met/);
    assert.match(html, /not measured/);
  });
});

describe('a table', () => {
  it('sets figures under one another', () => {
    const lines = tableLines({
      title: 'T',
      head: ['', 'figure'],
      rows: [
        ['one', '1'],
        ['twelve', '12'],
      ],
    });
    assert.deepEqual(lines.slice(1), ['        figure', '──────  ──────', 'one          1', 'twelve      12']);
  });

  it('shows three significant figures', () => {
    assert.deepEqual([0, 0.12345, 1.2345, 12.345, 123.45, 1_234.5, 1_234_567].map(number), [
      '0',
      '0.123',
      '1.23',
      '12.3',
      '123',
      '1,235',
      '1,235,000',
    ]);
  });
});
