import type { Config } from '../config.js';
import { EngineError, type ErrorCode } from '../errors.js';
import { usesSasl, usesTls } from './kafka-settings.js';
import { type CertificateFault, inspectPeer } from './peer-certificate.js';
import { inspectPemFiles } from './pem-files.js';

/**
 * What a client said before it gave up. `event.error` carries code -1 whatever happened, so everything is told by the
 * texts: those of `event.error` and of the callbacks in `eventErrors`, the messages of `event.log` in `eventLogs`.
 */
export interface KafkaErrorTexts {
  readonly eventErrors: readonly string[];
  readonly eventLogs: readonly string[];
}

interface Case {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly canRetry?: boolean;
  /** The sentence: what is wrong, where, and what to do. */
  explain(match: RegExpExecArray, broker: string, config: Config): string;
}

const PORTS = 'Bitquery: port 9092 is SASL_PLAINTEXT, 9093 is SASL_SSL';
const MECHANISMS = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN'];

/** The first that fits is told, so the telling ones stand before those that only say a connection ended. */
const CASES: readonly Case[] = [
  {
    pattern:
      /No such configuration property: "?([^\s"]+)|(?:Unsupported|Invalid) value[^\n]*configuration property "([^"]+)"|[Cc]onfiguration property "([^"]+)"[^\n]*(?:outside allowed range|cannot be set)|Expected bool value for "([^"]+)"/,
    code: 'CONFIG_INVALID',
    explain: (match) => {
      const name = match[1] ?? match[2] ?? match[3] ?? match[4];
      return `The Kafka client does not take the property ${name} or its value; look at KAFKA_PROPERTIES.`;
    },
  },
  {
    pattern: /No provider for SASL mechanism|not available at build time|property "[^"]+" not supported in this build/,
    code: 'LIBRARY_MISSING',
    explain: (_match, _broker, config) =>
      `The Kafka client was built without what KAFKA_SECURITY_PROTOCOL=${config.kafkaSecurityProtocol} with ${config.kafkaSaslMechanism} needs: install libssl-dev, then run npm rebuild node-rdkafka.`,
  },
  {
    pattern:
      /mechanism handshake failed: Broker: Unsupported SASL mechanism(?:: broker's supported mechanisms: ?(\S+))?/,
    code: 'KAFKA_AUTHENTICATION',
    explain: (match, broker, config) => {
      const offered = match[1] === undefined || match[1] === '' ? 'other mechanisms' : match[1].split(',').join(', ');
      return `${broker} does not offer the mechanism ${config.kafkaSaslMechanism}; it offers ${offered}. Set KAFKA_SASL_MECHANISM to one of those.`;
    },
  },
  {
    pattern: /handshake failed: Broker: Request not valid in current SASL state/,
    code: 'KAFKA_AUTHENTICATION',
    explain: (_match, broker, config) => {
      const without = config.kafkaSecurityProtocol === 'SASL_SSL' ? 'SSL' : 'PLAINTEXT';
      return `${broker} takes no logins on this port. Use the port of ${config.kafkaSecurityProtocol} in KAFKA_BROKERS (${PORTS}), or set KAFKA_SECURITY_PROTOCOL=${without}.`;
    },
  },
  {
    pattern: /SASL authentication error|authentication failure|Authentication failed/i,
    code: 'KAFKA_AUTHENTICATION',
    explain: (_match, broker, config) => {
      const others = MECHANISMS.filter((mechanism) => mechanism !== config.kafkaSaslMechanism).join(' or ');
      return `${broker} refused the login of user "${config.kafkaUsername ?? ''}" with ${config.kafkaSaslMechanism}: unknown user or wrong password. Check KAFKA_USERNAME and KAFKA_PASSWORD; if both are right, the user may be one of another mechanism: try KAFKA_SASL_MECHANISM=${others}.`;
    },
  },
  {
    pattern: /connecting to a PLAINTEXT broker listener|wrong version number|packet length too long/,
    code: 'KAFKA_TLS',
    explain: (_match, broker, config) => {
      const without = config.kafkaSecurityProtocol === 'SASL_SSL' ? 'SASL_PLAINTEXT' : 'PLAINTEXT';
      return `${broker} does not speak TLS on this port. Use the port of ${config.kafkaSecurityProtocol} in KAFKA_BROKERS (${PORTS}), or set KAFKA_SECURITY_PROTOCOL=${without}.`;
    },
  },
  {
    pattern: /key values mismatch/,
    code: 'KAFKA_TLS',
    explain: (_match, _broker, config) =>
      `The client key and the client certificate do not belong together: ${config.kafkaClientKeyPath} (KAFKA_CLIENT_KEY_PATH) is not the key of ${config.kafkaClientCertPath} (KAFKA_CLIENT_CERT_PATH). Give the pair that was issued together.`,
  },
  {
    pattern: /bad decrypt|bad password read|ssl\.key\.location failed|maybe wrong password|interrupted or cancelled/,
    code: 'KAFKA_TLS',
    explain: (_match, _broker, config) =>
      `The client key ${config.kafkaClientKeyPath} (KAFKA_CLIENT_KEY_PATH) cannot be read: it is no PEM key, or KAFKA_CLIENT_KEY_PASSWORD is not its password.`,
  },
  {
    pattern: /ssl\.certificate\.location failed/,
    code: 'KAFKA_TLS',
    explain: (_match, _broker, config) =>
      `The client certificate ${config.kafkaClientCertPath} (KAFKA_CLIENT_CERT_PATH) cannot be read: the file must hold a PEM certificate.`,
  },
  {
    pattern: /PEM routines::no start line|ssl routines::pem lib/i,
    code: 'KAFKA_TLS',
    explain: (_match, _broker, config) => {
      const { kafkaCaCertPath, kafkaClientCertPath, kafkaClientKeyPath } = config;
      const paths = [kafkaCaCertPath, kafkaClientCertPath, kafkaClientKeyPath].filter((path) => path !== undefined);
      return `One of the PEM files cannot be read (${paths.join(', ')}), or KAFKA_CLIENT_KEY_PASSWORD is not the key’s password.`;
    },
  },
  {
    pattern: /ssl\.ca\.location failed|x509 certificate routines::(?:system lib|no certificate)/,
    code: 'KAFKA_TLS',
    explain: (_match, _broker, config) =>
      `The CA certificate ${config.kafkaCaCertPath} (KAFKA_CA_CERT_PATH) cannot be read: there must be a file with at least one PEM certificate.`,
  },
  {
    pattern:
      /alert (?:bad certificate|certificate required|unknown ca|certificate unknown|handshake failure|certificate expired)|alert number (?:40|42|45|46|48|116)\b/,
    code: 'KAFKA_TLS',
    explain: (match, broker, config) => {
      if (config.kafkaClientCertPath === undefined)
        return `${broker} wants a client certificate. Set KAFKA_CLIENT_CERT_PATH and KAFKA_CLIENT_KEY_PATH to the PEM files the broker’s owner gave you.`;
      const why = /expired|45/.test(match[0]) ? 'it ran out' : 'it is of another CA than the broker trusts, or ran out';
      return `${broker} refused the client certificate ${config.kafkaClientCertPath} (KAFKA_CLIENT_CERT_PATH): ${why}. Ask the broker’s owner for a new pair.`;
    },
  },
  {
    pattern: /certificate verify failed|certificate could not be verified|No matching issuer found/,
    code: 'KAFKA_TLS',
    explain: (_match, broker, config) => {
      const ca = config.kafkaCaCertPath
        ? `not signed by the CA in ${config.kafkaCaCertPath}`
        : 'of a CA this system does not know';
      return `The certificate of ${broker} could not be verified: it has expired or is ${ca}. Set KAFKA_CA_CERT_PATH to the CA certificate of the brokers.`;
    },
  },
  {
    pattern: /(Topic|Group|Cluster) authorization failed/i,
    code: 'KAFKA_AUTHORIZATION',
    explain: (match, _broker, config) => {
      const user = config.kafkaUsername === undefined ? 'an anonymous client' : `user "${config.kafkaUsername}"`;
      return match[1]?.toLowerCase() === 'group'
        ? `The brokers do not let ${user} use the consumer group ${config.kafkaGroupId}. Set KAFKA_GROUP_ID to a name the account may use; Bitquery’s begin with the user name.`
        : `The brokers do not let ${user} read the topic ${config.kafkaTopic}. Check KAFKA_TOPIC, or ask the broker’s owner for the right to read it.`;
    },
  },
  {
    pattern: /Unknown topic or partition|Unknown topic/i,
    code: 'KAFKA_TOPIC_UNKNOWN',
    explain: (_match, _broker, config) => `The brokers have no topic ${config.kafkaTopic}. Check KAFKA_TOPIC.`,
  },
  {
    pattern: /Failed to resolve '([^']+)'|host resolution failure/i,
    code: 'KAFKA_UNREACHABLE',
    canRetry: true,
    explain: (match, broker) =>
      `The name of ${match[1] ?? broker} is unknown to this machine. Check KAFKA_BROKERS for a slip, and this machine’s DNS.`,
  },
  {
    pattern: /Connect to (\S+) failed: Connection refused/,
    code: 'KAFKA_UNREACHABLE',
    canRetry: true,
    explain: (match, broker) =>
      `Nothing listens at ${broker === SOME_BROKER ? match[1] : broker}: connection refused. Check host and port in KAFKA_BROKERS (${PORTS}), and that the broker runs.`,
  },
  {
    pattern: /Connection setup timed out|Network is unreachable|No route to host|Connection timed out/,
    code: 'KAFKA_UNREACHABLE',
    canRetry: true,
    explain: (_match, broker) =>
      `${broker} does not answer. Check host and port in KAFKA_BROKERS, and that no firewall stands between.`,
  },
  {
    pattern:
      /connection closed by peer: receive 0 after POLLIN \((?:after \d+ms )?in state (?:APIVERSION_QUERY|AUTH_HANDSHAKE|AUTH_LEGACY|CONNECT)/,
    code: 'KAFKA_TLS',
    canRetry: true, // a broker that restarts hangs up just so
    explain: (_match, broker, config) => {
      const secure = usesSasl(config) ? 'SASL_SSL' : 'SSL (or SASL_SSL, with a login)';
      return `${broker} hangs up on a client without TLS: this is probably a TLS port. Set KAFKA_SECURITY_PROTOCOL=${secure}, or use the port of ${config.kafkaSecurityProtocol} in KAFKA_BROKERS (${PORTS}).`;
    },
  },
  {
    pattern:
      /connection closed by peer: receive 0 after POLLIN \((?:after \d+ms )?in state UP|Send failed: Broken pipe/,
    code: 'KAFKA_AUTHENTICATION',
    canRetry: true,
    explain: (_match, broker, config) =>
      usesSasl(config)
        ? `${broker} closed the connection after the login. It may be restarting.`
        : `${broker} hangs up on a client that does not log in: this is probably a SASL port. Set KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT or SASL_SSL with KAFKA_USERNAME and KAFKA_PASSWORD, or use the port of ${config.kafkaSecurityProtocol} in KAFKA_BROKERS (${PORTS}).`,
  },
];

const SOME_BROKER = 'The broker';

/**
 * Tells from what the client said which of the known mistakes it is. `certificate` is what a look at the broker's
 * certificate found, where there was one; {@link explainKafkaFailure} takes that look by itself.
 */
export function explainKafkaError(
  texts: KafkaErrorTexts,
  config: Config,
  certificate: CertificateFault | null = null,
): EngineError {
  const all = [...texts.eventLogs, ...texts.eventErrors];
  for (const { pattern, code, canRetry = false, explain } of CASES) {
    for (const text of all) {
      const match = pattern.exec(text);
      if (match === null) continue;
      const told = explain(match, brokerIn(text) ?? brokerIn(all.join('\n')) ?? SOME_BROKER, config);
      const message = certificate !== null && isUnverified(text) ? certificate.sentence : told;
      return new EngineError(code, message, { canRetry, cause: new Error(all.join('\n')) });
    }
  }
  const said = all.filter((text) => !/all broker connections are down/i.test(text)).at(-1) ?? 'no reason was given';
  const brokers = (config.kafkaBrokers ?? []).join(', ');
  const message = /broker transport failure|timed out/i.test(said)
    ? `The brokers (${brokers}) took the connection but did not answer in time. Check port and protocol (KAFKA_BROKERS, KAFKA_SECURITY_PROTOCOL; ${PORTS}), and that no firewall stands between.`
    : `The brokers (${brokers}) cannot be used: ${said}. Check KAFKA_BROKERS and KAFKA_SECURITY_PROTOCOL.`;
  return new EngineError('KAFKA_UNREACHABLE', message, { canRetry: true, cause: new Error(all.join('\n')) });
}

/**
 * As {@link explainKafkaError}, and looks further where the text leaves it open: at our own PEM files, and, where the
 * broker's certificate was refused, at that (at most `timeoutMs`).
 */
export async function explainKafkaFailure(
  texts: KafkaErrorTexts,
  config: Config,
  timeoutMs = 5_000,
): Promise<EngineError> {
  const refused = [...texts.eventLogs, ...texts.eventErrors].find(isUnverified);
  const broker = refused === undefined ? undefined : (brokerIn(refused) ?? config.kafkaBrokers?.[0]);
  const certificate = broker === undefined ? null : await inspectPeer(broker, config, timeoutMs);
  const explained = explainKafkaError(texts, config, certificate);
  const ofFiles = [...texts.eventLogs, ...texts.eventErrors].some((text) =>
    /x509|pem |alert|verif|location failed/i.test(text),
  );
  if (explained.code !== 'KAFKA_TLS' || certificate !== null || !usesTls(config) || !ofFiles) return explained;
  const [fault] = inspectPemFiles(config, Date.now()).faults;
  return fault === undefined ? explained : new EngineError('KAFKA_TLS', fault, { cause: explained });
}

function isUnverified(text: string): boolean {
  return /certificate verify failed|certificate could not be verified/.test(text);
}

/** `host:port` out of a log text such as "sasl_ssl://rpk0.bitquery.io:9093/bootstrap: …" or "127.0.0.1:9092/1: …". */
function brokerIn(text: string): string | null {
  return /(?:^|[\s/:])((?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d+)\/(?:bootstrap|\d+)\b/.exec(text)?.[1] ?? null;
}
