// libuv sizes its thread pool at the first use of it, and loading the first ES module is one: this door is CommonJS so
// that the size is set before. Each consumer and each of its queries holds a thread of the pool while it waits.
if (!(Number(process.env['UV_THREADPOOL_SIZE']) >= 8)) process.env['UV_THREADPOOL_SIZE'] = '16';
// Told to stop while it still loads, an engine has nothing to land: that is a clean end, not one by the signal.
if (process.argv[2] === 'start') for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
void import('./main.js');
