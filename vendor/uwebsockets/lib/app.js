'use strict';
const { Router } = require('./router.js');
const { HttpRequest } = require('./request.js');
const { HttpResponse } = require('./response.js');
const { ListenSocket } = require('./listen-socket.js');

const LISTEN_EXCLUSIVE_PORT = 1;

function nativeOnly(what) {
  return new Error(`${what} needs the native uWebSockets.js; install it as uws-native.`);
}

/** The native TemplatedApp. Every registration returns the app. */
class App {
  #router = new Router();
  #secure;
  #listenSockets = new Set();
  /** Why the last `listen` failed: the callback gets but false. */
  listenError = null;

  constructor(_options, secure) {
    this.#secure = secure;
  }

  #route(method, pattern, handler) {
    this.#router.add(method, pattern, handler);
    return this;
  }

  get(pattern, handler) {
    return this.#route('get', pattern, handler);
  }
  post(pattern, handler) {
    return this.#route('post', pattern, handler);
  }
  put(pattern, handler) {
    return this.#route('put', pattern, handler);
  }
  patch(pattern, handler) {
    return this.#route('patch', pattern, handler);
  }
  del(pattern, handler) {
    return this.#route('delete', pattern, handler);
  }
  delete(pattern, handler) {
    return this.#route('delete', pattern, handler);
  }
  options(pattern, handler) {
    return this.#route('options', pattern, handler);
  }
  head(pattern, handler) {
    return this.#route('head', pattern, handler);
  }
  connect(pattern, handler) {
    return this.#route('connect', pattern, handler);
  }
  trace(pattern, handler) {
    return this.#route('trace', pattern, handler);
  }
  any(pattern, handler) {
    return this.#route('any', pattern, handler);
  }

  #handle(message, nodeResponse) {
    const request = new HttpRequest(message);
    const response = new HttpResponse(message, nodeResponse);
    response.cork(() => {
      const handled = this.#router.route(request.getMethod(), request.getUrl(), (handler, values, names) => {
        request.bind(values, names);
        handler(response, request);
        return !request.yielded;
      });
      if (!handled) response.writeStatus('404 File Not Found').end('', true);
    });
  }

  #bind(options, callback) {
    const listenSocket = new ListenSocket((message, response) => this.#handle(message, response), this.#secure);
    listenSocket.listen(options).then(
      () => {
        this.listenError = null;
        this.#listenSockets.add(listenSocket);
        callback(listenSocket);
      },
      (error) => {
        this.listenError = error;
        callback(false);
      },
    );
    return this;
  }

  /** (port, cb), (host, port, cb), (port, options, cb) or (host, port, options, cb); cb gets the listen socket or false. */
  listen(...args) {
    const callback = args.pop();
    const host = typeof args[0] === 'string' ? args.shift() : undefined;
    const [port, flags = 0] = args;
    return this.#bind({ host, port, exclusive: (flags & LISTEN_EXCLUSIVE_PORT) !== 0 }, callback);
  }

  listen_unix(callback, path) {
    return this.#bind({ path }, callback);
  }

  /** Stops listening and cuts every connection. */
  close() {
    for (const listenSocket of this.#listenSockets) listenSocket.destroy();
    this.#listenSockets.clear();
    return this;
  }

  /** There are no WebSockets, hence no subscribers. */
  publish() {
    return false;
  }
  numSubscribers() {
    return 0;
  }

  ws() {
    throw nativeOnly('A WebSocket route');
  }
  getDescriptor() {
    throw nativeOnly('Sharing an app between threads');
  }
  addChildAppDescriptor() {
    throw nativeOnly('Sharing an app between threads');
  }
  removeChildAppDescriptor() {
    throw nativeOnly('Sharing an app between threads');
  }
  addServerName() {
    throw nativeOnly('Serving several TLS names');
  }
  removeServerName() {
    throw nativeOnly('Serving several TLS names');
  }
  /** Never called: without several names, none is missing. */
  missingServerName() {
    return this;
  }
}

module.exports = { App };
