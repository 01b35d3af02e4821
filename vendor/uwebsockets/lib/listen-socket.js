'use strict';
const http = require('node:http');
const https = require('node:https');
const limits = require('./limits.js');

const SERVER_OPTIONS = {
  maxHeaderSize: limits.HEADER_BYTES_MAX,
  headersTimeout: limits.HEADERS_TIMEOUT_MS,
  requestTimeout: limits.REQUEST_TIMEOUT_MS,
  keepAliveTimeout: limits.KEEP_ALIVE_TIMEOUT_MS,
  connectionsCheckingInterval: limits.CHECK_INTERVAL_MS,
};

const REFUSALS = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Answers what is not HTTP, or not within the limits, and hangs up. */
function refuse(error, socket) {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = REFUSALS[error.code] ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** One listening address of an app: what the native module calls a listen socket. */
class ListenSocket {
  #server;
  #closing = false;

  /** `handle(message, response)` is called per request; `secure` is null or the options of TLS. */
  constructor(handle, secure) {
    const onRequest = (message, response) => {
      // A connection kept alive would hold up a server that wants to close.
      if (this.#closing) response.shouldKeepAlive = false;
      handle(message, response);
    };
    this.#server = secure
      ? https.createServer({ ...SERVER_OPTIONS, ...secure }, onRequest)
      : http.createServer(SERVER_OPTIONS, onRequest);
    this.#server.maxHeadersCount = limits.HEADERS_COUNT_MAX;
    this.#server.maxConnections = limits.CONNECTIONS_MAX;
    this.#server.on('clientError', refuse);
  }

  /** Node's listen options; resolves when bound, rejects where it cannot. */
  listen(options) {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(options, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** Port it is bound to, -1 for a path. */
  get port() {
    return this.#server.address()?.port ?? -1;
  }

  /** Stops accepting and closes idle connections; requests under way go on. */
  close() {
    if (this.#closing) return;
    this.#closing = true;
    this.#server.close();
  }

  /** Cuts every connection as well. */
  destroy() {
    this.close();
    this.#server.closeAllConnections();
  }
}

module.exports = { ListenSocket };
