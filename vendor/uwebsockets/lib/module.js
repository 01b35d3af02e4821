'use strict';
const { App } = require('./app.js');
const { secureOptions } = require('./tls.js');

/** Values of the native module. hyper-express checks WebSocket options against them when it loads. */
const COMPRESSORS = {
  DISABLED: 0,
  SHARED_COMPRESSOR: 1,
  SHARED_DECOMPRESSOR: 1 << 8,
  DEDICATED_DECOMPRESSOR_32KB: 15 << 8,
  DEDICATED_DECOMPRESSOR_16KB: 14 << 8,
  DEDICATED_DECOMPRESSOR_8KB: 13 << 8,
  DEDICATED_DECOMPRESSOR_4KB: 12 << 8,
  DEDICATED_DECOMPRESSOR_2KB: 11 << 8,
  DEDICATED_DECOMPRESSOR_1KB: 10 << 8,
  DEDICATED_DECOMPRESSOR_512B: 9 << 8,
  DEDICATED_DECOMPRESSOR: 15 << 8,
  DEDICATED_COMPRESSOR_3KB: (9 << 4) | 1,
  DEDICATED_COMPRESSOR_4KB: (9 << 4) | 2,
  DEDICATED_COMPRESSOR_8KB: (10 << 4) | 3,
  DEDICATED_COMPRESSOR_16KB: (11 << 4) | 4,
  DEDICATED_COMPRESSOR_32KB: (12 << 4) | 5,
  DEDICATED_COMPRESSOR_64KB: (13 << 4) | 6,
  DEDICATED_COMPRESSOR_128KB: (14 << 4) | 7,
  DEDICATED_COMPRESSOR_256KB: (15 << 4) | 8,
  DEDICATED_COMPRESSOR: (15 << 4) | 8,
};

module.exports = {
  ...COMPRESSORS,
  LIBUS_LISTEN_DEFAULT: 0,
  LIBUS_LISTEN_EXCLUSIVE_PORT: 1,

  App: (options = {}) => new App(options, null),
  SSLApp: (options = {}) => new App(options, secureOptions(options)),

  /** Stops accepting; requests under way go on. */
  us_listen_socket_close: (listenSocket) => listenSocket.close(),
  us_socket_local_port: (listenSocket) => listenSocket.port,

  /** Tunes the native module only. */
  _cfg: () => undefined,
};
