'use strict';
const net = require('node:net');

/** Anything the native module takes for a string, as a Buffer; not copied but for strings. */
function toBuffer(value) {
  if (value === undefined || value === null) return Buffer.alloc(0);
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return Buffer.from(String(value));
}

/** A copy in an ArrayBuffer of its own. */
function toArrayBuffer(buffer) {
  return buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
}

function ipv6Words(text) {
  const words = (part) => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)));
  const [head, tail] = text.split('::');
  if (tail === undefined) return words(head);
  const left = words(head);
  const right = words(tail);
  return [...left, ...new Array(8 - left.length - right.length).fill(0), ...right];
}

/** An IP address as its 4 or 16 bytes, no bytes where it is none. */
function addressBytes(text) {
  if (net.isIPv4(text)) return Uint8Array.from(text.split('.'), Number).buffer;
  if (!net.isIPv6(text)) return new ArrayBuffer(0);
  const mapped = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text.split('%')[0]);
  const hex = (high, low) => ((Number(high) << 8) | Number(low)).toString(16);
  const plain = mapped ? `${mapped[1]}${hex(mapped[2], mapped[3])}:${hex(mapped[4], mapped[5])}` : text.split('%')[0];
  return Uint8Array.from(ipv6Words(plain).flatMap((word) => [word >> 8, word & 255])).buffer;
}

module.exports = { toBuffer, toArrayBuffer, addressBytes };
