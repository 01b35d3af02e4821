'use strict';
const { STALLED_READER_MS, UNSENT_BYTES_MAX } = require('./limits.js');
const { toBuffer, toArrayBuffer, addressBytes } = require('./bytes.js');
const { readBody } = require('./body.js');

/** Framing is decided here, not by who writes headers. */
const FRAMING_HEADERS = new Set(['content-length', 'transfer-encoding']);

/**
 * The native HttpResponse on a ServerResponse. Valid until it is ended, closed or aborted; every later call throws, as it
 * does there. Status and headers are held back until the first byte of the body decides between a length and chunks.
 */
class HttpResponse {
  #message;
  #response;
  #socket;
  #headers = new Map();
  #statusCode = 200;
  #statusText = 'OK';
  #statusWritten = false;
  #headWritten = false;
  #offset = 0;
  #done = false;
  #abortHandlers = [];

  constructor(message, response) {
    this.#message = message;
    this.#response = response;
    this.#socket = message.socket;
    response.on('close', () => this.#abort());
    // A client that is gone shows as 'close'; the error itself says nothing more.
    response.on('error', () => {});
  }

  #use() {
    if (this.#done) {
      throw new Error(
        'uWS.HttpResponse must not be accessed after uWS.HttpResponse.onAborted callback, or after a successful response.',
      );
    }
  }

  #abort() {
    if (this.#done) return;
    this.#done = true;
    for (const handler of this.#abortHandlers) handler();
  }

  /** Node cuts a socket off that has been still for its timeout: set it only while bytes wait for the client. */
  #watchReader() {
    if (this.#response.writableLength > 0) this.#socket.setTimeout(STALLED_READER_MS);
  }

  /** Without a length, node takes chunks, or the connection's end for a client of HTTP/1.0. */
  #writeHead(framing) {
    if (this.#headWritten) return;
    this.#headWritten = true;
    const head = [];
    for (const [name, values] of this.#headers) for (const value of values) head.push(name, value);
    for (const [name, value] of Object.entries(framing)) head.push(name, String(value));
    this.#response.writeHead(this.#statusCode, this.#statusText, head);
  }

  /** "200 OK". Must come before any header; 200 where it is left out. */
  writeStatus(status) {
    this.#use();
    if (this.#headWritten || this.#statusWritten) return this;
    this.#statusWritten = true;
    const [, code, text] = /^(\d{3}) ?(.*)$/s.exec(toBuffer(status).toString()) ?? [];
    if (code === undefined) throw new TypeError('writeStatus wants a status code and a text, "200 OK".');
    this.#statusCode = Number(code);
    this.#statusText = text;
    return this;
  }

  writeHeader(name, value) {
    this.#use();
    this.#statusWritten = true;
    const key = toBuffer(name).toString();
    if (this.#headWritten || FRAMING_HEADERS.has(key.toLowerCase())) return this;
    const values = this.#headers.get(key) ?? [];
    values.push(toBuffer(value).toString());
    this.#headers.set(key, values);
    return this;
  }

  /** Sends status and headers now and goes on in chunks. */
  beginWrite() {
    this.#use();
    this.#writeHead({});
    this.#response.flushHeaders();
    return this;
  }

  /** Writes a chunk, always whole. False where it waits for the client: go on in `onWritable`. */
  write(chunk) {
    this.#use();
    this.#writeHead({});
    const bytes = toBuffer(chunk);
    if (bytes.byteLength === 0) return !this.#response.writableNeedDrain;
    this.#offset += bytes.byteLength;
    const ok = this.#response.write(bytes);
    if (!ok) this.#watchReader();
    return ok;
  }

  /**
   * Writes as much of a body of `totalSize` bytes as the client is ready for: [all of the chunk was taken, the answer is
   * complete]. What was not taken is to be given again, from `getWriteOffset()` on, in `onWritable`.
   */
  tryEnd(chunk, totalSize) {
    this.#use();
    this.#writeHead({ 'Content-Length': totalSize });
    const bytes = toBuffer(chunk);
    const room = Math.max(0, UNSENT_BYTES_MAX - this.#response.writableLength);
    const taken = bytes.subarray(0, Math.min(bytes.byteLength, room, totalSize - this.#offset));
    this.#offset += taken.byteLength;
    if (this.#offset >= totalSize) {
      this.#finish(taken, false);
      return [true, true];
    }
    const ok = taken.byteLength === 0 ? !this.#response.writableNeedDrain : this.#response.write(taken);
    if (!ok) this.#watchReader();
    return [ok && taken.byteLength === bytes.byteLength, false];
  }

  end(body, closeConnection) {
    this.#use();
    const bytes = toBuffer(body);
    this.#writeHead({ 'Content-Length': bytes.byteLength });
    this.#finish(bytes, closeConnection);
    return this;
  }

  /** Ends with headers alone, as for HEAD; `reportedContentLength` is what a GET would have brought. */
  endWithoutBody(reportedContentLength, closeConnection) {
    this.#use();
    this.#writeHead(reportedContentLength === undefined ? {} : { 'Content-Length': reportedContentLength });
    this.#finish(Buffer.alloc(0), closeConnection);
    return this;
  }

  #finish(bytes, closeConnection) {
    this.#done = true;
    const socket = this.#socket;
    if (closeConnection) this.#response.once('finish', () => socket.destroySoon());
    if (bytes.byteLength > 0) this.#response.end(bytes);
    else this.#response.end();
    this.#watchReader();
  }

  /** Cuts the connection. `onAborted` runs. */
  close() {
    this.#use();
    this.#abort();
    this.#socket.destroy();
    return this;
  }

  /** Bytes of the body taken so far. */
  getWriteOffset() {
    this.#use();
    return this.#offset;
  }

  /** `handler(offset)` is called whenever the client has taken all that waited. */
  onWritable(handler) {
    this.#use();
    this.#response.on('drain', () => {
      if (this.#done) return;
      this.#socket.setTimeout(0);
      this.cork(() => handler(this.#offset));
    });
    return this;
  }

  /** The client is gone before the answer was complete. */
  onAborted(handler) {
    this.#use();
    this.#abortHandlers.push(handler);
    return this;
  }

  /** `handler(chunk, isLast)`; the chunk is an ArrayBuffer. */
  onData(handler) {
    return this.onDataV2((chunk, remaining) => handler(chunk, remaining === 0n));
  }

  /** `handler(chunk, remaining)`: bytes still to come, 2^64 - 1 while they are not known, 0n with the last chunk. */
  onDataV2(handler) {
    this.#use();
    readBody(this.#message, handler, () => this.#socket.destroy());
    return this;
  }

  pause() {
    this.#use();
    this.#message.pause();
    return this;
  }

  resume() {
    this.#use();
    this.#message.resume();
    return this;
  }

  /** Sends what `callback` writes in one piece. */
  cork(callback) {
    // The callback may end the response, and the native module lets an ended one finish its cork.
    this.#socket.cork();
    try {
      callback();
    } finally {
      this.#socket.uncork();
    }
    return this;
  }

  getRemoteAddress() {
    this.#use();
    return addressBytes(this.#socket.remoteAddress ?? '');
  }

  getRemoteAddressAsText() {
    this.#use();
    return toArrayBuffer(Buffer.from(this.#socket.remoteAddress ?? ''));
  }

  getRemotePort() {
    this.#use();
    return this.#socket.remotePort ?? 0;
  }

  /** The PROXY protocol is the native module's alone: no bytes, port 0. */
  getProxiedRemoteAddress() {
    this.#use();
    return new ArrayBuffer(0);
  }

  getProxiedRemoteAddressAsText() {
    this.#use();
    return new ArrayBuffer(0);
  }

  getProxiedRemotePort() {
    this.#use();
    return 0;
  }

  upgrade() {
    throw new Error('WebSockets need the native uWebSockets.js; install it as uws-native.');
  }
}

module.exports = { HttpResponse };
