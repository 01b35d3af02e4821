// Makers of Grafana's panels. A query is [expression, legend]; `more` is { unit, width, height, min, max, thresholds, mappings, … }.

const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
const GREEN = 'green';

/** [value, colour] from which a value has it; green below the first. */
function thresholdsOf(steps = []) {
  return {
    mode: 'absolute',
    steps: [{ color: GREEN, value: null }, ...steps.map(([value, color]) => ({ color, value }))],
  };
}

function targetsOf(queries, more = {}) {
  return queries.map(([expr, legendFormat], at) => ({
    refId: String.fromCharCode(65 + at),
    datasource: DATASOURCE,
    expr,
    legendFormat: legendFormat ?? '',
    ...more,
  }));
}

function panel(type, title, description, queries, more) {
  const { unit = 'short', width = 8, height = 8, min, max, decimals, thresholds, mappings = [], noValue } = more;
  return {
    type,
    title,
    description,
    datasource: DATASOURCE,
    size: { w: width, h: height },
    targets: targetsOf(
      queries,
      type === 'timeseries' || type === 'state-timeline' ? {} : { instant: true, range: false },
    ),
    fieldConfig: {
      defaults: {
        unit,
        ...(min === undefined ? {} : { min }),
        ...(max === undefined ? {} : { max }),
        ...(decimals === undefined ? {} : { decimals }),
        ...(noValue === undefined ? {} : { noValue }),
        color: { mode: type === 'timeseries' ? 'palette-classic' : 'thresholds' },
        mappings,
        thresholds: thresholdsOf(thresholds),
      },
      overrides: [],
    },
    options: {},
  };
}

/** One number, green until it is over a threshold. */
export function stat(title, description, query, more = {}) {
  const made = panel('stat', title, description, [[query]], { width: 4, height: 4, noValue: 'not known', ...more });
  made.options = {
    colorMode: 'background',
    graphMode: 'none',
    justifyMode: 'center',
    textMode: 'value',
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
  };
  return made;
}

/** Lines over time; `stack` piles them, `thresholds` are drawn as lines. */
export function lines(title, description, queries, more = {}) {
  const made = panel('timeseries', title, description, queries, { min: 0, ...more });
  made.fieldConfig.defaults.custom = {
    drawStyle: 'line',
    lineWidth: 1,
    fillOpacity: more.stack ? 60 : 8,
    showPoints: 'never',
    spanNulls: false,
    stacking: { mode: more.stack ? 'normal' : 'none', group: 'A' },
    thresholdsStyle: { mode: more.thresholds ? 'dashed' : 'off' },
  };
  made.options = {
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
    tooltip: { mode: 'multi', sort: 'desc' },
  };
  return made;
}

/** A bar per series whose colour is its state over time. */
export function states(title, description, queries, more = {}) {
  const made = panel('state-timeline', title, description, queries, more);
  made.fieldConfig.defaults.custom = { fillOpacity: 80, lineWidth: 0 };
  made.options = {
    mergeValues: true,
    showValue: 'never',
    rowHeight: 0.8,
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
    tooltip: { mode: 'single' },
  };
  return made;
}

/** A row per series, with these labels as columns. */
export function table(title, description, queries, columns, more = {}) {
  const made = panel('table', title, description, queries, more);
  for (const target of made.targets) target.format = 'table';
  made.transformations = [
    { id: 'merge', options: {} },
    { id: 'filterFieldsByName', options: { include: { names: columns } } },
  ];
  made.options = { showHeader: true, cellHeight: 'sm' };
  return made;
}

/** Words for values, as [value, word, colour]. */
export function words(...entries) {
  const options = Object.fromEntries(entries.map(([value, text, color], index) => [value, { text, color, index }]));
  return [{ type: 'value', options }];
}
