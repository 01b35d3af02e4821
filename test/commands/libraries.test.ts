import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkLibraries, kafkaFeatures, libraryError } from '../../src/commands/libraries.js';
import { EngineError } from '../../src/errors.js';
import { configOf } from '../support/config.js';

const ALL = ['gzip', 'snappy', 'ssl', 'lz4', 'sasl_plain', 'sasl_scram', 'zstd'];
const without = (...names: string[]) => ALL.filter((feature) => !names.includes(feature));
const SASL = { KAFKA_USERNAME: 'u', KAFKA_PASSWORD: 'p', KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' };

function missing(pattern: RegExp) {
  return (error: unknown) =>
    error instanceof EngineError && error.code === 'LIBRARY_MISSING' && pattern.test(error.message);
}

describe('what the Kafka client was built with', () => {
  test('is enough where nothing is missing', () => {
    assert.deepEqual(checkLibraries(configOf(SASL), ALL), []);
  });

  test('must have TLS and the login’s mechanism where the protocol needs them', () => {
    assert.throws(
      () => checkLibraries(configOf(SASL), without('ssl', 'sasl_scram')),
      missing(
        /without ssl \(for KAFKA_SECURITY_PROTOCOL=SASL_SSL\) and sasl_scram .*libssl-dev && npm rebuild node-rdkafka/,
      ),
    );
    assert.throws(
      () => checkLibraries(configOf({ ...SASL, KAFKA_SASL_MECHANISM: 'PLAIN' }), without('sasl_plain')),
      missing(/sasl_plain/),
    );
  });

  test('may lack TLS and logins where the protocol needs neither', () => {
    assert.deepEqual(checkLibraries(configOf({}), without('ssl', 'sasl_scram', 'sasl_plain')), []);
  });

  test('lacking zstd is a warning with the package to install', () => {
    const [warning, more] = checkLibraries(configOf({}), without('zstd'));
    assert.match(warning ?? '', /without zstd.*apt-get install libzstd-dev && npm rebuild node-rdkafka/);
    assert.equal(more, undefined);
  });

  test('is asked of the client itself', async () => {
    assert.ok((await kafkaFeatures()).includes('lz4'));
  });
});

describe('a Kafka client that cannot be loaded', () => {
  test('was not compiled: the compiler’s packages are named', () => {
    const error = libraryError(new Error("Cannot find module '../build/Release/node-librdkafka.node'"));
    assert.ok(missing(/g\+\+ make python3 .*npm rebuild node-rdkafka/)(error));
  });

  test('misses a shared library: the library’s package is named', () => {
    const text = 'libzstd.so.1: cannot open shared object file: No such file or directory';
    assert.ok(missing(/apt-get install libzstd1$/)(libraryError(new Error(text))));
  });

  test('is not what any other error is taken for', () => {
    assert.equal(libraryError(new Error("Cannot find module './start.js'")), null);
    assert.equal(libraryError(undefined), null);
  });
});
