// libuv sizes its thread pool at the first use of it, and loading the first ES module is one: this door is CommonJS so
// that the size is set before. Each consumer and each of its queries holds a thread of the pool while it waits.
if (!(Number(process.env['UV_THREADPOOL_SIZE']) >= 8)) process.env['UV_THREADPOOL_SIZE'] = '16';
void import('./main.js');
