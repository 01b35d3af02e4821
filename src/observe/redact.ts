import { withoutSecrets } from '../config-secrets.js';

/** Field names whose values are never shown, compared without case, `_` and `-`. */
const SECRET_NAMES =
  /^(.*password|passphrase|passwd|secret|.*apikey|token|authorization|privatekey|clientkey|databaseurl|redisurl|connectionstring)$/;

const REDACTED = '[redacted]';

export function isSecretName(name: string): boolean {
  return SECRET_NAMES.test(name.toLowerCase().replaceAll(/[_-]/g, ''));
}

/** Takes secrets out of a text: those of the configuration, passwords of URLs and of `name=value` pairs, PEM private keys. */
export function redactText(text: string): string {
  return withoutSecrets(text)
    .replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/?#@]*):[^\s/?#]*@/gi, `$1:${REDACTED}@`)
    .replaceAll(
      /(\b[\w.-]*(?:password|passphrase|secret)["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s;,&]+)/gi,
      `$1${REDACTED}`,
    )
    .replaceAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED);
}

/** A copy of anything with secrets taken out, at any depth up to `depthMax`. Errors and class instances are left to the caller. */
export function redactFields(fields: Record<string, unknown>, depthMax = 5): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, isSecretName(name) ? REDACTED : redactValue(value, depthMax)]),
  );
}

function redactValue(value: unknown, depthMax: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depthMax === 0) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depthMax - 1));
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null
    ? redactFields(value as Record<string, unknown>, depthMax - 1)
    : value;
}
