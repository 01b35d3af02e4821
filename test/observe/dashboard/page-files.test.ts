import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { Script } from 'node:vm';
import { dashboardPage, loginPage } from '../../../src/observe/dashboard/page-files.js';

const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

for (const [name, page] of [
  ['dashboard', dashboardPage()],
  ['login', loginPage()],
] as const) {
  const { html, contentSecurityPolicy } = page;
  const scripts = [...html.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(([, text = '']) => text);
  const styles = [...html.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, text = '']) => text);

  describe(`the ${name} page`, () => {
    it('is whole: one style, one script, nothing left to put in', () => {
      assert.equal(scripts.length, 1);
      assert.equal(styles.length, 1);
      assert.doesNotMatch(html, /\/\* (style|script) \*\//);
      assert.ok(scripts[0]!.length > 300 && styles[0]!.length > 1_000);
    });

    it('has a script that parses as one', () => {
      assert.doesNotThrow(() => new Script(`async () => { 'use strict';\n${scripts[0]}\n}`));
      assert.doesNotMatch(scripts[0]!, /^(import|export)\b/m);
    });

    it('asks nobody else for anything', () => {
      const addresses = [...html.matchAll(/\b(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)/g)].map(([, to = '']) => to);
      for (const address of addresses) assert.match(address, /^(#|data:|health$|metrics$|api\/status$)/, address);
    });

    it('is let do by its policy what it does, and nothing else', () => {
      assert.ok(contentSecurityPolicy.includes(`script-src ${digest(scripts[0]!)};`));
      assert.ok(contentSecurityPolicy.includes(`style-src ${digest(styles[0]!)};`));
      assert.match(contentSecurityPolicy, /^default-src 'none';.*frame-ancestors 'none'$/);
      assert.doesNotMatch(contentSecurityPolicy, /unsafe|\*|http/);
      assert.doesNotMatch(html, /\son[a-z]+=|\sstyle="/, 'inline handlers and styles would be refused');
    });
  });
}
