import { formatClock } from './format.mjs';
import { chartSummary, nearest, niceTicks, stretches, timeSpan } from './scale.mjs';

const MARGIN = { top: 10, right: 10, bottom: 22, left: 50 };
const SPAN_MIN_MS = 60_000;
const SPAN_MAX_MS = 600_000;
/** Samples come every second; a hole longer than this is one. */
const GAP_MS = 5_000;

/**
 * A chart of lines over time on a canvas, drawn with one canvas pixel per pixel of the screen. `series` are
 * { column, name, colour } with the colour's CSS variable; the first is filled. Pointing at it tells the values of a moment.
 */
export class Chart {
  #canvas;
  #series;
  #format;
  #points = [];
  #nowMs = 0;
  #pointerX = null;

  constructor(canvas, { series, format }) {
    this.#canvas = canvas;
    this.#series = series;
    this.#format = format;
    new ResizeObserver(() => this.draw()).observe(canvas);
    canvas.addEventListener('pointermove', (event) => this.#point(event.offsetX));
    canvas.addEventListener('pointerleave', () => this.#point(null));
  }

  show(points, nowMs) {
    this.#points = points.filter(([atMs]) => atMs > nowMs - SPAN_MAX_MS);
    this.#nowMs = nowMs;
    const summary = this.#series.map(({ name, column }) => chartSummary(name, this.#points, column, this.#format));
    this.#canvas.setAttribute('aria-label', summary.join('. '));
    this.draw();
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (width === 0 || height === 0) return;
    const ratio = window.devicePixelRatio || 1;
    const [pixelsWide, pixelsHigh] = [Math.round(width * ratio), Math.round(height * ratio)];
    // Setting a size clears the canvas and costs a layout, so only where it differs.
    if (this.#canvas.width !== pixelsWide) this.#canvas.width = pixelsWide;
    if (this.#canvas.height !== pixelsHigh) this.#canvas.height = pixelsHigh;
    const context = this.#canvas.getContext('2d');
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const frame = this.#frame(width, height);
    this.#drawAxes(context, frame);
    // The first lies on top.
    for (const one of [...this.#series].reverse()) this.#drawSeries(context, frame, one);
    if (this.#pointerX !== null) this.#drawPointer(context, frame);
  }

  #point(x) {
    this.#pointerX = x;
    this.draw();
  }

  #frame(width, height) {
    const style = getComputedStyle(this.#canvas);
    const values = this.#series.flatMap(({ column }) => this.#points.map((point) => point[column] ?? 0));
    const ticks = niceTicks(Math.max(0, ...values) * 1.05, 3);
    const top = ticks[ticks.length - 1];
    const span = timeSpan(this.#points, this.#nowMs, SPAN_MIN_MS, SPAN_MAX_MS);
    const innerWidth = width - MARGIN.left - MARGIN.right;
    const innerHeight = height - MARGIN.top - MARGIN.bottom;
    return {
      ticks,
      span,
      width,
      height,
      bottom: height - MARGIN.bottom,
      colour: (name) => style.getPropertyValue(name).trim(),
      font: `11px ${style.fontFamily}`,
      x: (atMs) => MARGIN.left + ((atMs - span.from) / (span.to - span.from)) * innerWidth,
      y: (value) => MARGIN.top + (1 - value / top) * innerHeight,
      timeAt: (x) => span.from + ((x - MARGIN.left) / innerWidth) * (span.to - span.from),
    };
  }

  #drawAxes(context, { ticks, span, width, bottom, colour, font, x, y }) {
    context.font = font;
    context.lineWidth = 1;
    context.fillStyle = colour('--muted');
    context.strokeStyle = colour('--line');
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (const tick of ticks) {
      // Half a pixel, so that a line of one pixel covers one.
      const line = Math.round(y(tick)) + 0.5;
      context.beginPath();
      context.moveTo(MARGIN.left, line);
      context.lineTo(width - MARGIN.right, line);
      context.stroke();
      context.fillText(this.#format(tick), MARGIN.left - 8, line);
    }
    context.textBaseline = 'alphabetic';
    const labels = [
      [span.from, 'left'],
      [(span.from + span.to) / 2, 'center'],
      [span.to, 'right'],
    ];
    for (const [atMs, align] of labels) {
      context.textAlign = align;
      context.fillText(formatClock(atMs), x(atMs), bottom + 16);
    }
  }

  #drawSeries(context, { bottom, colour, x, y, span }, { column, colour: name }) {
    const filled = this.#series[0].column === column;
    const visible = this.#points.filter(([atMs]) => atMs >= span.from);
    context.lineWidth = visible.length > 240 ? 1.25 : 1.75;
    context.lineJoin = 'round';
    context.lineCap = 'round';
    context.strokeStyle = colour(name);
    for (const stretch of stretches(visible, column, GAP_MS)) {
      const line = new Path2D();
      stretch.forEach(([atMs, value], i) => {
        if (i === 0) line.moveTo(x(atMs), y(value));
        else line.lineTo(x(atMs), y(value));
      });
      if (filled) {
        const area = new Path2D(line);
        area.lineTo(x(stretch[stretch.length - 1][0]), bottom);
        area.lineTo(x(stretch[0][0]), bottom);
        area.closePath();
        context.globalAlpha = 0.12;
        context.fillStyle = colour(name);
        context.fill(area);
        context.globalAlpha = 1;
      }
      context.stroke(line);
    }
  }

  #drawPointer(context, frame) {
    const { x, y, timeAt, bottom, colour, font, width } = frame;
    const point = nearest(this.#points, timeAt(this.#pointerX));
    if (point === null) return;
    const at = Math.round(x(point[0])) + 0.5;
    context.strokeStyle = colour('--muted');
    context.beginPath();
    context.moveTo(at, MARGIN.top);
    context.lineTo(at, bottom);
    context.stroke();
    const known = this.#series.filter(({ column }) => point[column] !== null);
    for (const { column, colour: name } of known) {
      context.fillStyle = colour(name);
      context.beginPath();
      context.arc(at, y(point[column]), 3.5, 0, 2 * Math.PI);
      context.fill();
    }
    const values = known.map(({ column, short }) => `${short ?? ''} ${this.#format(point[column])}`.trim());
    const text = [formatClock(point[0]), ...values].join('   ');
    context.font = font;
    const boxWidth = context.measureText(text).width + 16;
    const left = Math.min(Math.max(at - boxWidth / 2, MARGIN.left), width - MARGIN.right - boxWidth);
    context.fillStyle = colour('--text');
    context.beginPath();
    context.roundRect(left, MARGIN.top - 8, boxWidth, 22, 5);
    context.fill();
    context.fillStyle = colour('--surface');
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    context.fillText(text, left + 8, MARGIN.top + 3);
  }
}
