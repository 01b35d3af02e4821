'use strict';
/** What a client may cost. node:http closes whoever goes over, with 408, 413 or 431 where an answer is still possible. */
module.exports = {
  HEADER_BYTES_MAX: 16 * 1024,
  HEADERS_COUNT_MAX: 100,
  /** A body over this closes the connection, whatever the routes allow. */
  BODY_BYTES_MAX: 16 * 1024 * 1024,
  /** More are turned away: each takes a file handle, of which the process needs some for itself. */
  CONNECTIONS_MAX: 512,
  /** From the first byte of a request to the last of its headers. */
  HEADERS_TIMEOUT_MS: 10_000,
  /** From the first byte of a request to the last of its body. */
  REQUEST_TIMEOUT_MS: 30_000,
  /** Between two requests of a connection. */
  KEEP_ALIVE_TIMEOUT_MS: 10_000,
  /** A client that takes nothing of a waiting answer for this long, or up to twice as long, is cut off. */
  STALLED_READER_MS: 15_000,
  /** How often node:http looks for clients over their time. */
  CHECK_INTERVAL_MS: 1_000,
  /** What an answer of known size may hold unsent; the rest stays with its caller. */
  UNSENT_BYTES_MAX: 256 * 1024,
};
