/** What one byte of a text may become: three of U+FFFD. */
export const TEXT_GROWTH_MAX = 3;

/**
 * Writes a text field's bytes from `at` to `end` of `source` into `target`. NUL, which PostgreSQL cannot hold, and
 * what is no UTF-8 become U+FFFD, as many as the WHATWG decoder makes of it; nothing else changes. Returns the
 * position after it.
 */
export function writeText(source: Uint8Array, at: number, end: number, target: Uint8Array, to: number): number {
  while (at < end) {
    const byte = source[at]!;
    if (byte < 0x80 && byte > 0) {
      target[to++] = byte;
      at++;
      continue;
    }
    const length = sequenceLength(source, at, end);
    if (length > 0) {
      for (const next = at + length; at < next; at++) target[to++] = source[at]!;
    } else {
      target[to++] = 0xef;
      target[to++] = 0xbf;
      target[to++] = 0xbd;
      at += Math.max(-length, 1);
    }
  }
  return to;
}

/**
 * Bytes of the character that begins at `at`; where there is none (NUL counts as none), minus the bytes that one
 * U+FFFD stands for: the longest beginning of a character.
 */
function sequenceLength(source: Uint8Array, at: number, end: number): number {
  const lead = source[at]!;
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length === 0) return -1;
  for (let seen = 1; seen < length; seen++) {
    const byte = at + seen < end ? source[at + seen]! : 0;
    const lowest = seen > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const highest = seen > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (byte < lowest || byte > highest) return -seen;
  }
  return length;
}
