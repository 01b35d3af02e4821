import { Chart } from './chart.mjs';
import { byId, setText } from './dom.mjs';
import { showFigures, showParts, showStages } from './figures.mjs';
import { formatClock, formatCount, formatSeconds } from './format.mjs';
import { LiveFeed } from './live.mjs';
import { showLetters, showPartitions, showTrades } from './tables.mjs';
import { startTheme } from './theme.mjs';

/** Columns of a point of the history. */
const [MESSAGES, LAG, MEDIAN, P99] = [1, 4, 5, 6];
const POINTS_MAX = 700;
const CONNECTIONS = { connecting: 'Connecting', live: 'Live', polling: 'Every 5 s', lost: 'Connection lost' };

const charts = [
  new Chart(byId('chart-throughput'), {
    series: [{ column: MESSAGES, name: 'Messages per second', colour: '--one' }],
    format: formatCount,
  }),
  new Chart(byId('chart-lag'), {
    series: [{ column: LAG, name: 'Messages not landed', colour: '--one' }],
    format: formatCount,
  }),
  new Chart(byId('chart-latency'), {
    series: [
      { column: MEDIAN, name: 'Median latency', short: 'median', colour: '--one' },
      { column: P99, name: 'Latency, 99th percentile', short: '99 %', colour: '--two' },
    ],
    format: formatSeconds,
  }),
];
let points = [];
let lastSeenMs = null;

function show(report) {
  lastSeenMs = Date.now();
  // The engine's clock, not ours: the points carry its time.
  const nowMs = new Date(report.at).getTime();
  showFigures(report);
  showStages(report);
  showParts(report);
  showTrades(report);
  showPartitions(report);
  showLetters(report, nowMs);
  for (const chart of charts) chart.show(points, nowMs);
}

function showConnection(connection) {
  document.body.dataset.connection = connection;
  setText('connection', CONNECTIONS[connection]);
  byId('lost').hidden = connection !== 'lost';
  setText('lost-title', connection === 'lost' ? 'The connection to the engine is lost.' : '');
  showSince();
}

/** Outside of what is read aloud: a screen reader would else tell every second. */
function showSince() {
  if (document.body.dataset.connection !== 'lost') return;
  const since =
    lastSeenMs === null
      ? 'Nothing was heard from it yet.'
      : `What stands here is from ${formatClock(lastSeenMs)}, ${formatSeconds((Date.now() - lastSeenMs) / 1_000)} ago.`;
  setText('lost-text', `${since} This page tries again by itself.`);
}

startTheme(() => {
  for (const chart of charts) chart.draw();
});
setInterval(showSince, 1_000);
new LiveFeed({
  report(report) {
    points = report.history.points;
    show(report);
  },
  update(report) {
    const { point } = report;
    if (point !== null && point[0] > (points[points.length - 1]?.[0] ?? 0)) points.push(point);
    if (points.length > POINTS_MAX) points = points.slice(-POINTS_MAX);
    show(report);
  },
  connection: showConnection,
}).start();
