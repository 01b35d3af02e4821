import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Access } from '../../../src/observe/dashboard/access.js';
import { NOW_MS } from '../fixtures.js';

const TOKEN = 'a-token-of-some-length';
const nothing = { authorization: undefined, cookie: undefined };

function cookieOf(access: Access, nowMs: number): string {
  return access.sessionCookie(nowMs, false).split(';')[0]!;
}

describe('the access to the dashboard', () => {
  it('is everybody’s where no token is set', () => {
    for (const token of [undefined, '']) {
      const access = new Access(token);
      assert.equal(access.required, false);
      assert.equal(access.grant(nothing, NOW_MS), 'everybody');
      assert.equal(access.matches(''), false);
    }
  });

  it('is for whoever sends the token as a bearer, to the letter', () => {
    const access = new Access(TOKEN);
    assert.equal(access.grant({ ...nothing, authorization: `Bearer ${TOKEN}` }, NOW_MS), 'bearer');
    assert.equal(access.grant({ ...nothing, authorization: `bearer  ${TOKEN}` }, NOW_MS), 'bearer');
    for (const wrong of [`Basic ${TOKEN}`, `Bearer ${TOKEN}x`, `Bearer ${TOKEN.toUpperCase()}`, 'Bearer', TOKEN]) {
      assert.equal(access.grant({ ...nothing, authorization: wrong }, NOW_MS), null, wrong);
    }
    assert.equal(access.grant(nothing, NOW_MS), null);
  });

  it('is for whoever was given a cookie, until it ends, on every engine with that token', () => {
    const cookie = cookieOf(new Access(TOKEN), NOW_MS);
    const other = new Access(TOKEN);
    assert.equal(other.grant({ ...nothing, cookie: `theme=dark; ${cookie}; x=1` }, NOW_MS), 'cookie');
    assert.equal(other.grant({ ...nothing, cookie }, NOW_MS + 11 * 3_600_000), 'cookie');
    assert.equal(other.grant({ ...nothing, cookie }, NOW_MS + 12 * 3_600_000), null);
    assert.equal(new Access('another-token-of-some-length').grant({ ...nothing, cookie }, NOW_MS), null);
  });

  it('does not take a cookie whose end was moved, nor one in pieces', () => {
    const access = new Access(TOKEN);
    const [name, value = ''] = cookieOf(access, NOW_MS).split('=');
    const [ends, signature] = value.split('.');
    for (const forged of [
      `${Number(ends) + 1}.${signature}`,
      `${ends}.`,
      `${ends}.${signature?.slice(1)}0`,
      signature,
    ]) {
      assert.equal(access.grant({ ...nothing, cookie: `${name}=${forged}` }, NOW_MS), null, forged);
    }
  });

  it('keeps the token out of the cookie and the cookie out of scripts', () => {
    const access = new Access(TOKEN);
    const cookie = access.sessionCookie(NOW_MS, true);
    assert.ok(!cookie.includes(TOKEN));
    assert.match(cookie, /; HttpOnly; SameSite=Lax; Secure$/);
    assert.doesNotMatch(access.sessionCookie(NOW_MS, false), /Secure/);
  });
});
