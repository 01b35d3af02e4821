'use strict';
const fs = require('node:fs');
const tls = require('node:tls');

/**
 * The native module's TLS options as node:https wants them. Throws where a file is missing or is no certificate, as the
 * native constructor does. With `ca_file_name`, clients must show a certificate of it (the native module also lets those in
 * that show none).
 */
function secureOptions(options) {
  const read = (path) => (path ? fs.readFileSync(path) : undefined);
  const secure = {
    key: read(options.key_file_name),
    cert: read(options.cert_file_name),
    ca: read(options.ca_file_name),
    dhparam: read(options.dh_params_file_name),
    passphrase: options.passphrase || undefined,
    ciphers: options.ssl_ciphers || undefined,
    requestCert: Boolean(options.ca_file_name),
  };
  tls.createSecureContext(secure);
  return secure;
}

module.exports = { secureOptions };
