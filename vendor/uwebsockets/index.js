'use strict';
/**
 * Stands in for uWebSockets.js, which is published from a git host only and whose binaries want a recent glibc and Node.
 *
 * A native build installed under the name `uws-native` is used where it loads; else the same API runs on node:http, with
 * everything hyper-express asks for but WebSockets. `transport` says which one it is, `transportReason` why it is not the
 * native one.
 */
const nodeHttp = require('./lib/module.js');

function loadNative() {
  try {
    return { native: require('uws-native'), reason: null };
  } catch (error) {
    const absent = error.code === 'MODULE_NOT_FOUND' && /'uws-native'/.test(error.message);
    return { native: null, reason: absent ? 'uws-native is not installed' : `uws-native does not load: ${error.message}` };
  }
}

const { native, reason } = loadNative();

module.exports = native
  ? Object.assign({}, native, { transport: 'native', transportReason: null })
  : Object.assign({}, nodeHttp, { transport: 'node:http', transportReason: reason });
