import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A page that needs nothing but itself, and the policy under which it runs. */
export interface Page {
  readonly html: string;
  readonly contentSecurityPolicy: string;
}

/** From the compiled file as from the source: dist…/src/observe/dashboard. */
const FOLDER = new URL('../../../../src/observe/dashboard/page/', import.meta.url);

/** In the order they build on each other. */
const PAGE_SCRIPTS = [
  'format.mjs',
  'dom.mjs',
  'scale.mjs',
  'chart.mjs',
  'figures.mjs',
  'tables.mjs',
  'theme.mjs',
  'live.mjs',
  'main.mjs',
];
const LOGIN_SCRIPTS = ['login.mjs'];

/** Puts the page together from its source files: markup, style and scripts in one. Throws where one is missing. */
export function dashboardPage(): Page {
  return assemble('dashboard.html', PAGE_SCRIPTS);
}

/** What stands there for whoever has not shown the token. */
export function loginPage(): Page {
  return assemble('login.html', LOGIN_SCRIPTS);
}

function assemble(markup: string, scripts: readonly string[]): Page {
  const style = read('page.css');
  const script = scripts.map((name) => withoutModuleSyntax(read(name))).join('\n');
  const html = read(markup)
    .replace('/* style */', () => style)
    .replace('/* script */', () => script);
  return { html, contentSecurityPolicy: policy(style, script) };
}

function read(name: string): string {
  return readFileSync(new URL(name, FOLDER), 'utf8').trim();
}

/** The scripts are modules that import each other, so that they can be tested alone; in one script they share a scope. */
function withoutModuleSyntax(text: string): string {
  return text.replaceAll(/^import\b[^;]*;\n?/gm, '').replaceAll(/^export (?=function|const|class|async)/gm, '');
}

/** Nothing from elsewhere, and of what is inline only what we wrote. */
function policy(style: string, script: string): string {
  return [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
