import type { Option, Rule } from './config-option.js';

export const CONTROL_OPTIONS = {
  startMode: {
    env: 'START_MODE',
    type: 'choice',
    choices: ['active', 'standby'],
    default: 'active',
    fromFile: true,
    description:
      '`active` joins the consumer group at once; `standby` tests broker, decoder and database, and waits for `ctl activate`.',
  },
  deploymentColour: {
    env: 'DEPLOYMENT_COLOUR',
    type: 'choice',
    choices: ['blue', 'green'],
    description:
      'Which of two deployments this is, `blue` or `green`: shown by the dashboard, `/health` and the metrics.',
  },
  controlSocket: {
    env: 'CONTROL_SOCKET',
    type: 'string',
    description:
      'File of the local socket on which `ctl` talks to the engine; only its own user may use it. Without it there is none.',
  },
  controlToken: {
    env: 'CONTROL_TOKEN',
    type: 'string',
    secret: true,
    description:
      'Lets `ctl` talk to the engine over HTTP, at HEALTH_CHECK_PORT, by whoever shows it. Without it nobody may.',
  },
  engineUrls: {
    env: 'ENGINE_URLS',
    type: 'list',
    description:
      'Where the engines’ HEALTH_CHECK_PORT is, `http://host:port`, for `status` and `lag-exporter`; of a name with several addresses each is asked.',
  },
  lagExportIntervalMs: {
    env: 'LAG_EXPORT_INTERVAL_MS',
    type: 'integer',
    unit: 'ms',
    default: 5_000,
    min: 500,
    max: 300_000,
    description: 'How often `lag-exporter` asks the brokers and the database.',
  },
} as const satisfies Record<string, Option>;

type ControlRule = Rule<typeof CONTROL_OPTIONS>;

/** The operating system takes no longer name of a socket. */
const SOCKET_PATH_BYTES_MAX = 107;

const socketPathFits: ControlRule = ({ controlSocket }, report) => {
  if (controlSocket === undefined || Buffer.byteLength(controlSocket) <= SOCKET_PATH_BYTES_MAX) return;
  report.problem('CONTROL_SOCKET', controlSocket, `a path of at most ${SOCKET_PATH_BYTES_MAX} bytes`);
};

/** It travels in a header, and must not be guessed. */
const tokenIsOne: ControlRule = ({ controlToken }, report) => {
  if (controlToken === undefined || /^[\x21-\x7e]{16,}$/.test(controlToken)) return;
  report.problem(
    'CONTROL_TOKEN',
    controlToken,
    'at least 16 letters, digits or signs of ASCII without a space, as `openssl rand -hex 16` makes them',
  );
};

const engineUrlsAreUrls: ControlRule = ({ engineUrls }, report) => {
  const wrong = (engineUrls ?? []).find((url) => !isHttpUrl(url));
  if (wrong !== undefined)
    report.problem('ENGINE_URLS', wrong, 'addresses like http://engine:8080, separated by commas');
};

function isHttpUrl(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text).protocol);
  } catch {
    return false;
  }
}

export const CONTROL_RULES: readonly ControlRule[] = [socketPathFits, tokenIsOne, engineUrlsAreUrls];
