/** The far end of a thread hop: answers each task with its size, so that the near end knows it has come. */
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', (values: readonly Uint8Array[]) => {
  let bytes = 0;
  for (const value of values) bytes += value.length;
  parentPort?.postMessage(bytes);
});
