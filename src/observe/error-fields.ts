import { EngineError } from '../errors.js';
import { redactText } from './redact.js';

const CAUSES_MAX = 5;

/** An error in the fields of ECS, its causes in the text, secrets taken out. */
export function errorFields(thrown: unknown): Record<string, string> {
  if (!(thrown instanceof Error)) return { 'error.message': redactText(String(thrown)) };
  const fields: Record<string, string> = {
    'error.type': thrown.name,
    'error.message': redactText(withCauses(thrown)),
  };
  const code = errorCode(thrown);
  if (code !== undefined) fields['error.code'] = code;
  if (thrown.stack !== undefined) fields['error.stack_trace'] = redactText(thrown.stack);
  return fields;
}

/** Code of an EngineError, an SQLSTATE, a librdkafka or a system code; undefined where the error has none. */
export function errorCode(error: Error): string | undefined {
  if (error instanceof EngineError) return error.code;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' || typeof code === 'number' ? String(code) : undefined;
}

function withCauses(error: Error): string {
  const texts = [error.message];
  let cause = error.cause;
  for (let i = 0; i < CAUSES_MAX && cause !== undefined; i++) {
    const text = cause instanceof Error ? cause.message : String(cause);
    // Wrapping often repeats the text of what it wraps.
    if (!texts.some((known) => known.includes(text))) texts.push(text);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return texts.join(': ');
}
