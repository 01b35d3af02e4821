import { runCommand } from './commands/run-command.js';

// For the processes this one starts; its own pool is sized in main.cts.
if (!(Number(process.env.UV_THREADPOOL_SIZE) >= 8)) process.env.UV_THREADPOOL_SIZE = '16';

const exitCode = await runCommand(process.argv.slice(2));
// Exits whatever is still open: librdkafka's threads and sockets would keep the process alive.
process.exit(exitCode);
