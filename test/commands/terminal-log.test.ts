import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchedLog } from '../../src/commands/terminal-log.js';
import { until } from '../kafka/until.js';
import { engineStatus, partitionStatus } from '../observe/fixtures.js';

const ERASE = '\r\u001b[2K';

test('on a terminal the line of progress stays below the log, and goes with the backlog', async () => {
  const written: string[] = [];
  const stream = {
    isTTY: true,
    columns: 40,
    write: (text: string): boolean => {
      written.push(text);
      return true;
    },
  };
  const { logger, follow } = watchedLog('info', stream);
  let next = 0;
  const unfollow = follow(() =>
    engineStatus({ partitions: [partitionStatus({ nextOffset: next, highWatermark: 5_000, lag: 5_000 - next })] }),
  );
  await until('the progress is shown', () => written.at(-1)?.includes('5,000 messa') === true);
  const line = written.at(-1)!;
  assert.equal(line.length, 39, 'a line that the terminal breaks could not be erased');
  logger.info('starting', 'a line of the log');
  const [erased, logged, again] = written.slice(-3);
  assert.equal(erased, ERASE);
  assert.match(logged ?? '', /a line of the log[^\n]*\n$/);
  assert.equal(again, line);
  next = 5_000;
  await until('it goes at the head', () => written.slice(-2).join('') === ERASE);
  unfollow();
});

test('without a terminal nothing is followed', () => {
  const { follow } = watchedLog('info', { isTTY: false, write: () => assert.fail('something was written') });
  follow(() => assert.fail('the status was asked for'))();
});
