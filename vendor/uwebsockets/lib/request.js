'use strict';

/** Path and query of a request target, be it in origin form, absolute form or `*`. */
function splitTarget(target) {
  const origin = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
  const mark = origin.indexOf('?');
  const path = mark === -1 ? origin : origin.slice(0, mark);
  return { path: path === '' ? '/' : path, query: mark === -1 ? '' : origin.slice(mark + 1) };
}

function decodeQuery(text) {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** The native HttpRequest on an IncomingMessage. Values are as they came, not decoded, but for `getQuery(name)`. */
class HttpRequest {
  #message;
  #path;
  #query;
  #values = [];
  #names = [];
  #yielded = false;

  constructor(message) {
    this.#message = message;
    const { path, query } = splitTarget(message.url);
    this.#path = path;
    this.#query = query;
  }

  /** Set by the router before it calls a handler. */
  bind(values, names) {
    this.#values = values;
    this.#names = names;
    this.#yielded = false;
  }

  get yielded() {
    return this.#yielded;
  }

  /** Lower case. */
  getMethod() {
    return this.#message.method.toLowerCase();
  }

  getCaseSensitiveMethod() {
    return this.#message.method;
  }

  getUrl() {
    return this.#path;
  }

  /** The whole query without `?`, or the decoded value of one parameter, undefined where it is absent. */
  getQuery(name) {
    if (name === undefined) return this.#query;
    for (const pair of this.#query.split('&')) {
      const mark = pair.indexOf('=');
      const key = mark === -1 ? pair : pair.slice(0, mark);
      if (decodeQuery(key) === name) return mark === -1 ? '' : decodeQuery(pair.slice(mark + 1));
    }
    return undefined;
  }

  /** By place in the pattern, counted from 0, or by name; undefined where there is none. */
  getParameter(place) {
    return this.#values[typeof place === 'number' ? place : this.#names.indexOf(place)];
  }

  /** The first value of a header, empty where it is absent. */
  getHeader(name) {
    const raw = this.#message.rawHeaders;
    for (let i = 0; i < raw.length; i += 2) if (raw[i].toLowerCase() === name) return raw[i + 1];
    return '';
  }

  forEach(visit) {
    const raw = this.#message.rawHeaders;
    for (let i = 0; i < raw.length; i += 2) visit(raw[i].toLowerCase(), raw[i + 1]);
  }

  /** With true, the handler has not handled the request and the next route that matches is tried. */
  setYield(yields) {
    this.#yielded = Boolean(yields);
    return this;
  }
}

module.exports = { HttpRequest };
