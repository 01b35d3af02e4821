import { isIP } from 'node:net';
import type { Option, Rule } from './config-option.js';

export const SERVICE_OPTIONS = {
  bindAddress: {
    env: 'BIND_ADDRESS',
    type: 'string',
    default: '0.0.0.0',
    description: 'Address the HTTP servers bind to.',
  },
  prometheusPort: {
    env: 'PROMETHEUS_PORT',
    type: 'integer',
    default: 9_090,
    min: 0,
    max: 65_535,
    description: 'Port of `/metrics`; 0 takes a free one.',
  },
  healthCheckPort: {
    env: 'HEALTH_CHECK_PORT',
    type: 'integer',
    default: 8_080,
    min: 0,
    max: 65_535,
    description: 'Port of the dashboard `/`, `/live`, `/ready`, `/health` and `/metrics`; 0 takes a free one.',
  },
  dashboardToken: {
    env: 'DASHBOARD_TOKEN',
    type: 'string',
    secret: true,
    description:
      'Makes the dashboard, `/events` and `/api/status` private: shown as `Authorization: Bearer`, or once as `/?token=`. Without it whoever reaches the port may look.',
  },
  logLevel: {
    env: 'LOG_LEVEL',
    type: 'choice',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
    default: 'info',
    description: 'Least severe log line printed.',
  },
  flowLogIntervalMs: {
    env: 'FLOW_LOG_INTERVAL_MS',
    type: 'integer',
    unit: 'ms',
    default: 60_000,
    min: 0,
    max: 86_400_000,
    description: 'How often a log line tells pace, lag and latency, and both warnings below are looked for; 0 never.',
  },
  throughputWarnBelow: {
    env: 'THROUGHPUT_WARN_BELOW',
    type: 'integer',
    default: 100,
    min: 0,
    max: 1_000_000_000,
    description:
      'Fewer messages a second than this are a warning, but only while more are to be had: the producer is faster, or a backlog waits. 0 never warns.',
  },
  latencyWarnAboveMs: {
    env: 'LATENCY_WARN_ABOVE_MS',
    type: 'integer',
    unit: 'ms',
    default: 500,
    min: 0,
    max: 86_400_000,
    description:
      'A 99th percentile of the latency from Kafka to the commit above this is a warning, with the stage that caused it; 0 never warns.',
  },
  liveStuckMs: {
    env: 'LIVE_STUCK_MS',
    type: 'integer',
    unit: 'ms',
    default: 300_000,
    min: 1_000,
    max: 86_400_000,
    description:
      'A partition that stands still this long while its end moves, and all around it is well, ends `/live`.',
  },
  livePollStalledMs: {
    env: 'LIVE_POLL_STALLED_MS',
    type: 'integer',
    unit: 'ms',
    default: 60_000,
    min: 1_000,
    max: 86_400_000,
    description: 'A poll loop that has not ticked for this long ends `/live`.',
  },
  readyBreakerOpenMs: {
    env: 'READY_BREAKER_OPEN_MS',
    type: 'integer',
    unit: 'ms',
    default: 30_000,
    min: 0,
    max: 86_400_000,
    description: 'A circuit breaker open for this long, or a database that does not answer for as long, ends `/ready`.',
  },
  shutdownTimeoutMs: {
    env: 'SHUTDOWN_TIMEOUT_MS',
    type: 'integer',
    unit: 'ms',
    default: 60_000,
    min: 1_000,
    max: 3_600_000,
    description: 'After this long a shutdown exits whatever is still in flight.',
  },
} as const satisfies Record<string, Option>;

type ServiceRule = Rule<typeof SERVICE_OPTIONS>;

const portsDiffer: ServiceRule = ({ prometheusPort, healthCheckPort }, report) => {
  if (prometheusPort === 0 || prometheusPort !== healthCheckPort) return;
  report.problem(
    'HEALTH_CHECK_PORT',
    String(healthCheckPort),
    'another port than PROMETHEUS_PORT, or 0 for a free one',
  );
};

const bindAddressIsOne: ServiceRule = ({ bindAddress }, report) => {
  if (isIP(bindAddress) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(bindAddress)) return;
  report.problem('BIND_ADDRESS', bindAddress, 'an IP address of this machine (0.0.0.0 for all) or its host name');
};

/** It travels in a header and in an address, and must not be guessed. */
const tokenIsOne: ServiceRule = ({ dashboardToken }, report) => {
  if (dashboardToken === undefined || /^[\x21-\x7e]{16,}$/.test(dashboardToken)) return;
  report.problem(
    'DASHBOARD_TOKEN',
    dashboardToken,
    'at least 16 letters, digits or signs of ASCII without a space, as `openssl rand -hex 16` makes them',
  );
};

export const SERVICE_RULES: readonly ServiceRule[] = [portsDiffer, bindAddressIsOne, tokenIsOne];
