/** Text for figures. All of it pure; what is not known (null) is a dash. */

const DASH = '–';

function grouped(value) {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 0.4, 52, 1,234, 12.3k, 4.56M. */
export function formatCount(value) {
  if (value === null || value === undefined) return DASH;
  if (value > 0 && value < 9.95) return value.toFixed(1).replace(/\.0$/, '');
  if (value < 10_000) return grouped(value);
  for (const [size, unit] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ]) {
    if (value >= size) return `${(value / size).toPrecision(3)}${unit}`;
  }
  return grouped(value);
}

/** Every digit, in groups. */
export function formatWhole(value) {
  return value === null || value === undefined ? DASH : grouped(value);
}

/** A number and its unit: ['13.9', 'MB']. */
export function bytesParts(value) {
  if (value === null || value === undefined) return [DASH, ''];
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  let place = 0;
  while (size >= 999.5 && place < units.length - 1) {
    size /= 1_000;
    place += 1;
  }
  return [place === 0 || size >= 99.95 ? Math.round(size).toString() : size.toFixed(1), units[place]];
}

export function formatBytes(value) {
  return bytesParts(value).join(' ').trim();
}

/** Of a duration: 79 ms, 1.2 s, 45 s, 3 min 20 s, 2 h 5 min, 3 days. */
export function formatSeconds(seconds) {
  if (seconds === null || seconds === undefined) return DASH;
  if (seconds < 0.001) return '0 ms';
  if (seconds < 0.9995) return `${seconds < 0.00995 ? (seconds * 1_000).toFixed(1) : Math.round(seconds * 1_000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3_600) return `${Math.floor(whole / 60)} min${whole % 60 === 0 ? '' : ` ${whole % 60} s`}`;
  if (whole < 172_800) return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
  return `${Math.round(whole / 86_400)} days`;
}

const SUBSCRIPTS = '₀₁₂₃₄₅₆₇₈₉';

/** Four digits that count. Zeros behind the point that are many are counted, as traders write them: 0.0₅6266. */
export function formatPrice(value) {
  if (value === null || value === undefined) return DASH;
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1_000) return grouped(value);
  const [digits, exponent] = value.toExponential(3).split('e');
  const zeros = -Number(exponent) - 1;
  if (zeros >= 4) {
    const count = [...String(zeros)].map((digit) => SUBSCRIPTS[digit]).join('');
    return `0.0${count}${digits.replace('.', '').replace(/0+$/, '')}`;
  }
  return value
    .toFixed(Math.max(0, 3 - Number(exponent)))
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
}

export function formatUsd(value) {
  if (value === null || value === undefined) return DASH;
  if (value < 0.01) return value === 0 ? '$0' : '<$0.01';
  return `$${value < 1_000 ? value.toFixed(2) : value < 1e6 ? grouped(value) : formatCount(value)}`;
}

export function formatPercent(share) {
  const percent = share * 100;
  return `${percent > 0 && percent < 1 ? '<1' : Math.round(percent)} %`;
}

/** 14:03:22, in the time of whoever looks. */
export function formatClock(time) {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** How long ago, for what is older than a moment. */
export function formatAge(time, nowMs) {
  const seconds = (nowMs - new Date(time).getTime()) / 1_000;
  return seconds < 2 ? 'just now' : `${formatSeconds(Math.round(seconds))} ago`;
}

/** 5AUd…XUSr. */
export function shortAddress(address) {
  return address.length <= 12 ? address : `${address.slice(0, 4)}…${address.slice(-4)}`;
}
