/**
 * The secrets this process was configured with, so that whatever leaves it can be freed of them, wherever they stand: an
 * error of a library may quote a password in a form that no pattern knows.
 */
const known = new Set<string>();

const HIDDEN = '[redacted]';
/** A shorter one would blank out half of what is said, and guards nothing. */
const LENGTH_MIN = 6;
/** Many times what one configuration holds; the oldest goes. */
const KNOWN_MAX = 200;
const SECRET_PROPERTY = /password|passphrase|secret|token|jaas|\.pem$/i;

/** Remembers the text of a secret option, and the secrets within it: the password of a URL, the secret ones of `name=value;…`. */
export function rememberSecret(text: string): void {
  for (const secret of [text, ...secretsIn(text)]) {
    for (const form of formsOf(secret)) if (form.length >= LENGTH_MIN) known.add(form);
  }
  for (const oldest of known) {
    if (known.size <= KNOWN_MAX) break;
    known.delete(oldest);
  }
}

/** The text with every known secret blanked out. */
export function withoutSecrets(text: string): string {
  let result = text;
  for (const secret of known) if (result.includes(secret)) result = result.replaceAll(secret, HIDDEN);
  return result;
}

function secretsIn(text: string): string[] {
  const url = /^\s*[a-z][a-z0-9+.-]*:\/\/([^:/@?#]*)(.*)$/is.exec(text);
  if (url !== null) {
    const [, user = '', rest = ''] = url;
    // To the last @: who forgets to encode one in a password means it so.
    const [, password = '', place = rest] = /^:(.*)@(.*)$/s.exec(rest) ?? [];
    const parameters = [...place.matchAll(/[?&](?:ssl)?password=([^&#]*)/gi)].map(([, value = '']) => value);
    // What stands in the open beside it guards nothing, and would blank out every mention of user or database.
    const open = [user, ...place.split(/[/:?]/), 'postgres'];
    return [password, ...parameters].filter((secret) => !open.includes(secret));
  }
  const pairs = text.split(';').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
  return pairs.filter(([name = '']) => SECRET_PROPERTY.test(name)).map(([, value = '']) => value.trim());
}

/** As it was given, and as URLs and JSON write it. */
function formsOf(secret: string): string[] {
  const forms = [secret, secret.trim(), JSON.stringify(secret).slice(1, -1)];
  for (const code of [encodeURIComponent, decodeURIComponent]) {
    try {
      forms.push(code(secret));
    } catch {
      // It has no such form.
    }
  }
  return forms;
}
