import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const COOKIE_NAME = 'dashboard_session';
const SESSION_MS = 12 * 60 * 60_000;

/** What of a request may prove that its sender knows the token. */
export interface Credentials {
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
}

/**
 * Who may look. Without a token everybody may; with one, whoever sends it as `Authorization: Bearer`, or the cookie he
 * was given for it. The cookie holds the time it ends at and a signature keyed with the token, never the token, so that it
 * works on every replica and after a restart, and ends with the token. Time is an argument, ms since the epoch.
 */
export class Access {
  readonly #token: string | null;

  constructor(token: string | undefined) {
    this.#token = token === undefined || token === '' ? null : token;
  }

  get required(): boolean {
    return this.#token !== null;
  }

  /** Whether a text is the token. Takes as long whatever is wrong with it. */
  matches(text: string): boolean {
    return this.#token !== null && equal(text, this.#token);
  }

  /** How the sender may look: `cookie` and `bearer` say what proved it; null where he may not. */
  grant({ authorization, cookie }: Credentials, nowMs: number): 'everybody' | 'bearer' | 'cookie' | null {
    if (this.#token === null) return 'everybody';
    const [, bearer] = /^bearer +(.+)$/i.exec(authorization ?? '') ?? [];
    if (bearer !== undefined && this.matches(bearer)) return 'bearer';
    return this.#holdsSession(cookie ?? '', nowMs) ? 'cookie' : null;
  }

  /** Value of a Set-Cookie header. `secure` where the client came over https. */
  sessionCookie(nowMs: number, secure: boolean): string {
    const ends = nowMs + SESSION_MS;
    const attributes = `Path=/; Max-Age=${SESSION_MS / 1_000}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
    return `${COOKIE_NAME}=${ends}.${this.#signature(ends)}; ${attributes}`;
  }

  #holdsSession(cookies: string, nowMs: number): boolean {
    for (const pair of cookies.split(';')) {
      const [, ends, signature] = /^\s*dashboard_session=(\d{1,15})\.([0-9a-f]{64})\s*$/.exec(pair) ?? [];
      if (ends === undefined || signature === undefined) continue;
      if (Number(ends) > nowMs && equal(signature, this.#signature(Number(ends)))) return true;
    }
    return false;
  }

  #signature(ends: number): string {
    return createHmac('sha256', this.#token ?? '')
      .update(`dashboard session until ${ends}`)
      .digest('hex');
  }
}

/** Compares digests, whose length does not tell the secret's. */
function equal(left: string, right: string): boolean {
  return timingSafeEqual(digest(left), digest(right));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
