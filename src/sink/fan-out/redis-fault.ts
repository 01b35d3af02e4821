import { messageOf } from '../../errors.js';

/**
 * By how Redis' answer begins, or what a text holds: what is wrong and what to do, for a person. No word that names a secret stands before a
 * colon: the log blanks out what follows.
 */
const FAULTS: readonly (readonly [sign: RegExp, text: string])[] = [
  [/^WRONGPASS|called without any password configured/, 'does not accept user and password of REDIS_URL'],
  [/^NOAUTH/, 'wants user and password, which REDIS_URL does not give'],
  [
    /^NOPERM/,
    'does not let this user publish: ACL SETUSER <user> +xadd +ping ~<REDIS_STREAM>, and +select for a database other than 0',
  ],
  [
    /^OOM/,
    'is full: raise its maxmemory, lower REDIS_STREAM_MAXLEN, or have it evict (maxmemory-policy); see docs/redis.md',
  ],
  [/^READONLY/, 'is a replica, which takes no writes: point REDIS_URL at the primary'],
  [/^WRONGTYPE/, 'holds something else under the key REDIS_STREAM: remove it or choose another key'],
  [/^MISCONF/, 'cannot save to its disk and takes no writes: see its log'],
  [/^LOADING/, 'is still loading its data'],
  [/^NOREPLICAS/, 'has too few replicas for its min-replicas-to-write'],
  [/DB index is out of range/, 'does not have the database of REDIS_URL'],
  [
    /self.signed|unable to verify|unable to get (local )?issuer|certificate/i,
    'shows a certificate that cannot be trusted: name its CA in NODE_EXTRA_CA_CERTS',
  ],
  [/wrong version number|packet length too long/i, 'does not speak TLS there: use redis:// or its TLS port'],
];

/** What is wrong with Redis, as a sentence's end: "refuses the password: …". Never with a secret in it. */
export function explainRedisError(error: unknown): string {
  const text = textOf(error);
  const fault = FAULTS.find(([sign]) => sign.test(text));
  return fault === undefined ? `failed: ${text}` : `${fault[1]} (${text})`;
}

/** Several addresses of one name give an error without a text of its own. */
function textOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return messageOf(error) || String((error as NodeJS.ErrnoException).code);
}
