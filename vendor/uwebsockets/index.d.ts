/** What hyper-express's own types and this project use of the native module's types. */
export type RecognizedString = string | ArrayBuffer | Uint8Array;
export type us_listen_socket = object;
export type us_socket_context_t = object;
export type AppDescriptor = number;
export type CompressOptions = number;

export interface HttpRequest {
  getMethod(): string;
  getCaseSensitiveMethod(): string;
  getUrl(): string;
  getQuery(): string;
  getQuery(name: string): string | undefined;
  getParameter(place: number | string): string | undefined;
  getHeader(name: string): string;
  forEach(visit: (key: string, value: string) => void): void;
  setYield(yields: boolean): HttpRequest;
}

export interface HttpResponse {
  writeStatus(status: RecognizedString): HttpResponse;
  writeHeader(name: RecognizedString, value: RecognizedString): HttpResponse;
  beginWrite(): HttpResponse;
  write(chunk: RecognizedString): boolean;
  tryEnd(chunk: RecognizedString, totalSize: number): [ok: boolean, done: boolean];
  end(body?: RecognizedString, closeConnection?: boolean): HttpResponse;
  endWithoutBody(reportedContentLength?: number, closeConnection?: boolean): HttpResponse;
  close(): HttpResponse;
  getWriteOffset(): number;
  onWritable(handler: (offset: number) => boolean): HttpResponse;
  onAborted(handler: () => void): HttpResponse;
  onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): HttpResponse;
  onDataV2(handler: (chunk: ArrayBuffer, remaining: bigint) => void): HttpResponse;
  pause(): HttpResponse;
  resume(): HttpResponse;
  cork(callback: () => void): HttpResponse;
  getRemoteAddress(): ArrayBuffer;
  getRemoteAddressAsText(): ArrayBuffer;
  getRemotePort(): number;
  getProxiedRemoteAddress(): ArrayBuffer;
  getProxiedRemoteAddressAsText(): ArrayBuffer;
  getProxiedRemotePort(): number;
  upgrade(...context: unknown[]): void;
}

export type WebSocket<UserData> = { readonly userData?: UserData };
type Handler = (response: HttpResponse, request: HttpRequest) => void;
type ListenCallback = (listenSocket: us_listen_socket | false) => void;

export interface AppOptions {
  key_file_name?: string;
  cert_file_name?: string;
  ca_file_name?: string;
  dh_params_file_name?: string;
  passphrase?: string;
  ssl_ciphers?: string;
}

export interface TemplatedApp {
  get(pattern: string, handler: Handler): TemplatedApp;
  post(pattern: string, handler: Handler): TemplatedApp;
  put(pattern: string, handler: Handler): TemplatedApp;
  patch(pattern: string, handler: Handler): TemplatedApp;
  del(pattern: string, handler: Handler): TemplatedApp;
  options(pattern: string, handler: Handler): TemplatedApp;
  head(pattern: string, handler: Handler): TemplatedApp;
  connect(pattern: string, handler: Handler): TemplatedApp;
  trace(pattern: string, handler: Handler): TemplatedApp;
  any(pattern: string, handler: Handler): TemplatedApp;
  listen(port: number, callback: ListenCallback): TemplatedApp;
  listen(port: number, options: number, callback: ListenCallback): TemplatedApp;
  listen(host: string, port: number, callback: ListenCallback): TemplatedApp;
  listen(host: string, port: number, options: number, callback: ListenCallback): TemplatedApp;
  listen_unix(callback: ListenCallback, path: string): TemplatedApp;
  close(): TemplatedApp;
  publish(topic: RecognizedString, message: RecognizedString): boolean;
  numSubscribers(topic: RecognizedString): number;
  /** On node:http only: why the last `listen` failed. */
  readonly listenError?: Error | null;
}

export function App(options?: AppOptions): TemplatedApp;
export function SSLApp(options?: AppOptions): TemplatedApp;
export function us_listen_socket_close(listenSocket: us_listen_socket): void;
export function us_socket_local_port(listenSocket: us_listen_socket): number;
export const LIBUS_LISTEN_DEFAULT: number;
export const LIBUS_LISTEN_EXCLUSIVE_PORT: number;
export const DISABLED: number;

/** Which transport answers: the native build, or node:http. */
export const transport: 'native' | 'node:http';
/** Why it is not the native one, null where it is. */
export const transportReason: string | null;
