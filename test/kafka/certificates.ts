import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from './command.js';

/** A certificate and its key, as paths of PEM files. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/** Paths of PEM files. */
export interface Certificates {
  /** Signed everything below but what says otherwise. */
  readonly ca: string;
  /** Signed nothing the broker shows. */
  readonly otherCa: string;
  readonly client: Identity;
  /** Signed by the other CA: the broker must not let it in. */
  readonly strangeClient: Identity;
  /** PKCS#8 key, certificate and CA in one file: what a broker takes as a keystore of type PEM. */
  readonly serverKeystore: string;
  /** The same with a certificate that ran out yesterday. */
  readonly expiredKeystore: string;
}

/** Makes two authorities and what they sign with openssl, in a folder that exists. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const ca = await makeAuthority(folder, 'ca');
  const otherCa = await makeAuthority(folder, 'other-ca');
  const server = await sign(folder, ca, 'server', 30);
  const expired = await sign(folder, ca, 'expired', -1);
  const client = await sign(folder, ca, 'client', 30);
  const strangeClient = await sign(folder, otherCa, 'strange-client', 30);
  return {
    ca: ca.certificate,
    otherCa: otherCa.certificate,
    client,
    strangeClient,
    serverKeystore: await keystore(folder, 'server', server, ca),
    expiredKeystore: await keystore(folder, 'expired', expired, ca),
  };
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

async function makeAuthority(folder: string, name: string): Promise<Identity> {
  const identity = { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  await runOrThrow('openssl', [
    ...['req', '-x509', '-days', '30', '-subj', `/CN=${name}`],
    ...[...NEW_KEY, '-keyout', identity.key, '-out', identity.certificate],
  ]);
  return identity;
}

async function sign(folder: string, authority: Identity, name: string, days: number): Promise<Identity> {
  const request = join(folder, `${name}.csr`);
  const extensions = join(folder, `${name}.ext`);
  const identity = { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  await writeFile(extensions, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  await runOrThrow('openssl', ['req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', identity.key, '-out', request]);
  await runOrThrow('openssl', [
    ...['x509', '-req', '-in', request, '-CA', authority.certificate, '-CAkey', authority.key, '-CAcreateserial'],
    ...['-days', String(days), '-extfile', extensions, '-out', identity.certificate],
  ]);
  await chmod(identity.key, 0o600);
  return identity;
}

async function keystore(folder: string, name: string, identity: Identity, authority: Identity): Promise<string> {
  const file = join(folder, `${name}.pem`);
  const parts = await Promise.all(
    [identity.key, identity.certificate, authority.certificate].map((path) => readFile(path)),
  );
  await writeFile(file, Buffer.concat(parts), { mode: 0o600 });
  return file;
}
