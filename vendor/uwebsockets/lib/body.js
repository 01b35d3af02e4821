'use strict';
const { BODY_BYTES_MAX } = require('./limits.js');
const { toArrayBuffer } = require('./bytes.js');

/** What the native module reports as remaining while it cannot know: the body is chunked. */
const REMAINING_UNKNOWN = 0xffffffffffffffffn;

/**
 * Delivers a request's body: `deliver(chunk, remaining)` with an ArrayBuffer and the bytes still to come as a bigint, 0n with
 * the last call and only then. A request without a body gets one call, with no bytes. A body over the limit is not delivered
 * further: `overflow` is called, once.
 */
function readBody(message, deliver, overflow) {
  const declared = message.headers['content-length'];
  const chunked = message.headers['transfer-encoding'] !== undefined || declared === undefined;
  const expected = chunked ? -1 : Number(declared);
  let received = 0;
  let finished = false;

  message.on('data', (chunk) => {
    if (finished) return;
    received += chunk.byteLength;
    if (received > BODY_BYTES_MAX) {
      finished = true;
      overflow();
      return;
    }
    finished = received === expected;
    deliver(toArrayBuffer(chunk), chunked ? REMAINING_UNKNOWN : BigInt(expected - received));
  });
  message.on('end', () => {
    if (finished) return;
    finished = true;
    deliver(new ArrayBuffer(0), 0n);
  });
}

module.exports = { readBody };
