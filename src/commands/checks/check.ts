import type pg from 'pg';
import type { Config } from '../../config.js';
import { EngineError, messageOf } from '../../errors.js';
import type { BatchPart } from '../../sink/sink.js';
import type { KafkaProbe } from './kafka-probe.js';

export type CheckStatus = 'ok' | 'warn' | 'fail' | 'skipped';

export interface CheckResult {
  readonly status: CheckStatus;
  /** What was found, in a sentence. */
  readonly detail: string;
  /** What to do; empty where there is nothing to do. */
  readonly advice: string;
}

export interface NamedResult extends CheckResult {
  readonly name: string;
}

/** What the checks share: each connection is made by the check that is about it, and used by those that need it. */
export interface CheckContext {
  readonly config: Config;
  kafka?: KafkaProbe;
  /** What the topic held when it was looked at first: partitions, the sum of their ends, and when, on a clock of this process. */
  held?: { readonly partitions: number; readonly end: number; readonly atMs: number };
  /** The newest messages, decoded. */
  newest?: readonly BatchPart[];
  database?: pg.Client;
}

export interface Check {
  readonly name: string;
  /** Checks without which this one makes no sense: it is skipped where one of them failed or was skipped. */
  readonly needs?: readonly string[];
  run(context: CheckContext): Promise<CheckResult>;
}

/** No check waits longer, whatever hangs. */
const CHECK_TIMEOUT_MS = 20_000;

export function ok(detail: string): CheckResult {
  return { status: 'ok', detail, advice: '' };
}

export function warn(detail: string, advice: string): CheckResult {
  return { status: 'warn', detail, advice };
}

export function fail(detail: string, advice = ''): CheckResult {
  return { status: 'fail', detail, advice };
}

export function skipped(detail: string): CheckResult {
  return { status: 'skipped', detail, advice: '' };
}

/** Runs the checks one after another and tells each result as it comes. Never throws. */
export async function runChecks(
  checks: readonly Check[],
  context: CheckContext,
  tell: (result: NamedResult) => void,
  timeoutMs = CHECK_TIMEOUT_MS,
): Promise<NamedResult[]> {
  const results: NamedResult[] = [];
  const unusable = new Set<string>();
  for (const check of checks) {
    const missing = check.needs?.find((name) => unusable.has(name));
    const result =
      missing === undefined ? await runOne(check, context, timeoutMs) : skipped(`not tried: needs ${missing}`);
    // A check that finds nothing to look at skips itself, and stands in nobody's way.
    if (result.status === 'fail' || missing !== undefined) unusable.add(check.name);
    results.push({ name: check.name, ...result });
    tell({ name: check.name, ...result });
  }
  return results;
}

async function runOne(check: Check, context: CheckContext, timeoutMs: number): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<CheckResult>((resolve) => {
    const seconds = timeoutMs / 1_000;
    timer = setTimeout(() => resolve(fail(`gave no answer within ${seconds} s`)), timeoutMs);
  });
  try {
    return await Promise.race([check.run(context), deadline]);
  } catch (error) {
    const text = error instanceof EngineError ? error.message : messageOf(error);
    return fail(text);
  } finally {
    clearTimeout(timer);
  }
}
