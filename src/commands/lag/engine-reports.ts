import { lookup } from 'node:dns/promises';
import { messageOf } from '../../errors.js';
import { redactText } from '../../observe/redact.js';

/** What an engine says of itself on /health, or why it says nothing. */
export interface EngineReport {
  readonly url: string;
  readonly error: string | null;
  readonly state: string | null;
  readonly colour: string | null;
  readonly version: string | null;
  readonly breaker: string | null;
  /** Fetching waits while every decode thread idles: what holds it up is the database. */
  readonly saturated: boolean;
  readonly reasons: readonly string[];
}

interface Body {
  readonly state?: unknown;
  readonly colour?: unknown;
  readonly version?: unknown;
  readonly reasons?: unknown;
  readonly components?: {
    readonly database?: { readonly breaker?: unknown };
    readonly workers?: { readonly busy?: unknown; readonly queued?: unknown };
    readonly memory?: { readonly held?: unknown };
  };
}

const TIMEOUT_MS = 3_000;
const ENGINES_MAX = 64;

/** Asks every engine behind the addresses; a name with several addresses stands for as many engines. Never rejects. */
export async function engineReports(urls: readonly string[]): Promise<EngineReport[]> {
  const targets = (await Promise.all(urls.map(addressesOf))).flat().slice(0, ENGINES_MAX);
  return Promise.all(targets.map(reportOf));
}

/** Whether more engines would be of no use: one has given the database up, or all of those that answer wait for it. */
export function databaseBound(reports: readonly EngineReport[]): boolean {
  const active = reports.filter(({ error, state }) => error === null && state === 'active');
  return (
    active.some(({ breaker }) => breaker === 'open') || (active.length > 0 && active.every((one) => one.saturated))
  );
}

async function addressesOf(text: string): Promise<string[]> {
  const url = new URL(text);
  try {
    const found = await lookup(url.hostname.replace(/^\[|\]$/g, ''), { all: true });
    // Over https the certificate is the name's.
    if (found.length < 2 || url.protocol === 'https:') return [url.origin];
    return found.map(({ address, family }) => {
      url.hostname = family === 6 ? `[${address}]` : address;
      return url.origin;
    });
  } catch {
    return [url.origin]; // the request will say what is wrong with it
  }
}

async function reportOf(url: string): Promise<EngineReport> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
    const body = (await response.json()) as Body;
    const { database, workers, memory } = body.components ?? {};
    return {
      url,
      error: null,
      state: textOr(body.state),
      colour: textOr(body.colour),
      version: textOr(body.version),
      breaker: textOr(database?.breaker),
      saturated: memory?.held === true && workers?.busy === 0 && workers.queued === 0,
      reasons: Array.isArray(body.reasons) ? body.reasons.map(String) : [],
    };
  } catch (error) {
    const cause = (error as { cause?: unknown }).cause ?? error;
    const none = { state: null, colour: null, version: null, breaker: null, saturated: false, reasons: [] };
    return { url, error: redactText(messageOf(cause)) || 'no answer', ...none };
  }
}

function textOr(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
