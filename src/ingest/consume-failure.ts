import { setTimeout as delay } from 'node:timers/promises';
import { EngineError } from '../errors.js';

const AUTO_OFFSET_RESET = -140;
const FATAL = -150;
/** syslog's severity of a fatal error. */
const EMERGENCY = 0;
const LOG_COMES_MS = 1_000;
const UNKNOWN_TOPIC = 3;
const TOPIC_AUTHORIZATION_FAILED = 29;
const GROUP_AUTHORIZATION_FAILED = 30;

/** What a failed consume call asks for. An EngineError ends the reading; `passing` is told and read on after. */
export type ConsumeFailure = EngineError | 'outOfRange' | 'unknownTopic' | 'passing';

export function consumeFailure(error: Error & { code?: number }, topic: string): ConsumeFailure {
  switch (error.code) {
    case AUTO_OFFSET_RESET:
      return 'outOfRange';
    case UNKNOWN_TOPIC:
      return 'unknownTopic';
    case TOPIC_AUTHORIZATION_FAILED:
    case GROUP_AUTHORIZATION_FAILED:
      return new EngineError(
        'KAFKA_AUTHORIZATION',
        `the broker refuses to let this user read topic ${topic} in this group: ${error.message}; check the subscription, KAFKA_USERNAME and KAFKA_GROUP_ID`,
      );
    case FATAL:
      return fatal(error.message);
    default:
      return 'passing';
  }
}

/** A client that is beyond help says why in its log, and to a consume call only that it is: the log is given time to come first. */
export async function afterItsLog(failure: EngineError): Promise<EngineError> {
  if (failure.code === 'KAFKA_FATAL') await delay(LOG_COMES_MS);
  return failure;
}

/** The end that a line of the client's log tells of, null for any other line. It is not sure to reach a consume call. */
export function loggedFailure(severity: number, line: string): EngineError | null {
  return severity === EMERGENCY ? fatal(line) : null;
}

function fatal(text: string): EngineError {
  const remedy = /same group\.instance\.id/.test(text)
    ? '; another engine joined the group under the name that KAFKA_PROPERTIES gives this one: leave group.instance.id out, or give each engine its own'
    : '';
  return new EngineError('KAFKA_FATAL', `the Kafka client cannot go on: ${text}${remedy}`);
}
