import type { Config } from '../config.js';
import { EngineError, messageOf } from '../errors.js';

/** Debian packages that node-rdkafka is compiled with; the names hold for Ubuntu too. */
const BUILD_PACKAGES = 'g++ make python3 libssl-dev zlib1g-dev libzstd-dev';
const REBUILD = 'npm rebuild node-rdkafka';

/** The package that holds a shared library the loader did not find. */
const RUNTIME_PACKAGES: readonly (readonly [library: RegExp, name: string])[] = [
  [/lib(?:ssl|crypto)\.so/, 'libssl3'],
  [/libzstd\.so/, 'libzstd1'],
  [/libsasl2\.so/, 'libsasl2-2'],
  [/libz\.so/, 'zlib1g'],
  [/liblz4\.so/, 'liblz4-1'],
  [/libcurl\.so/, 'libcurl4'],
  [/libstdc\+\+\.so/, 'libstdc++6'],
];

/** The features librdkafka was built with, such as `ssl`, `sasl_scram`, `zstd`. Throws LIBRARY_MISSING where it cannot be loaded. */
export async function kafkaFeatures(): Promise<readonly string[]> {
  try {
    const { default: kafka } = await import('node-rdkafka');
    return kafka.features;
  } catch (error) {
    throw libraryError(error) ?? error;
  }
}

/**
 * Holds what the configuration needs against what the Kafka client was built with. Throws LIBRARY_MISSING for what
 * is needed for certain; returns a warning for what only some topics need.
 */
export function checkLibraries(config: Config, features: readonly string[]): string[] {
  const { kafkaSecurityProtocol: protocol, kafkaSaslMechanism: mechanism } = config;
  const needs: [feature: string, why: string][] = [];
  if (protocol.endsWith('SSL')) needs.push(['ssl', `KAFKA_SECURITY_PROTOCOL=${protocol}`]);
  if (protocol.startsWith('SASL_'))
    needs.push([mechanism === 'PLAIN' ? 'sasl_plain' : 'sasl_scram', `KAFKA_SASL_MECHANISM=${mechanism}`]);
  const missing = needs.filter(([feature]) => !features.includes(feature));
  if (missing.length > 0) {
    const what = missing.map(([feature, why]) => `${feature} (for ${why})`).join(' and ');
    throw new EngineError(
      'LIBRARY_MISSING',
      `The Kafka client was built without ${what}. Install what it lacks and build it again: apt-get install libssl-dev && ${REBUILD}`,
    );
  }
  return [
    ['zstd', 'libzstd-dev'],
    ['lz4', 'liblz4-dev'],
    ['gzip', 'zlib1g-dev'],
  ]
    .filter(([feature = '']) => !features.includes(feature))
    .map(
      ([feature, name]) =>
        `The Kafka client was built without ${feature}: a topic compressed with it cannot be read. To add it: apt-get install ${name} && ${REBUILD}`,
    );
}

/** What to install where loading a command failed on the Kafka client’s native part; null where that was not the reason. */
export function libraryError(error: unknown): EngineError | null {
  const text = messageOf(error);
  if (!/node-?(?:lib)?rdkafka|librdkafka/i.test(text) && !/cannot open shared object file/.test(text)) return null;
  const library = /(lib[\w+.-]*\.so[\w.]*): cannot open shared object file/.exec(text)?.[1];
  const name = RUNTIME_PACKAGES.find(([pattern]) => library !== undefined && pattern.test(library))?.[1];
  const advice =
    name === undefined
      ? `Install what it is compiled with and build it again: apt-get install ${BUILD_PACKAGES} && ${REBUILD}`
      : `Install the library ${library}: apt-get install ${name}`;
  return new EngineError('LIBRARY_MISSING', `The Kafka client (node-rdkafka) cannot be loaded: ${text}. ${advice}`, {
    cause: error,
  });
}
