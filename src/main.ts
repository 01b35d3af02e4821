import { setFlagsFromString } from 'node:v8';
import { runCommand } from './commands/run-command.js';

// For the processes this one starts; its own pool is sized in main.cts.
if (!(Number(process.env.UV_THREADPOOL_SIZE) >= 8)) process.env.UV_THREADPOOL_SIZE = '16';

// V8 counts message buffers as if they were its own old objects, and by default marks the whole heap for every 40 MB of
// them, twenty times a second in a backlog. The heap itself is small: 25 MB may grow to four times that between two markings.
setFlagsFromString('--heap-growing-percent=300');

const exitCode = await runCommand(process.argv.slice(2));
// Exits whatever is still open: librdkafka's threads and sockets would keep the process alive.
process.exit(exitCode);
