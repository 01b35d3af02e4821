const REPLACEMENT = '\uFFFD';
// WHATWG's replacement of invalid sequences; a byte order mark stays, since nothing else in a text is to change.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A text field: null where empty; NUL, which PostgreSQL cannot hold, and invalid UTF-8 become U+FFFD. */
export function textOf(bytes: Uint8Array | undefined): string | null {
  if (bytes === undefined || bytes.length === 0) return null;
  return decoder.decode(bytes).replaceAll('\0', REPLACEMENT);
}
