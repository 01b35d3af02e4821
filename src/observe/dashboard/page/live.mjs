/** Events come every second: after this long without one the connection counts as lost, whatever the browser thinks. */
const SILENCE_MS = 5_000;
const RETRY_MS = [1_000, 2_000, 4_000, 8_000];
/** Where the engine takes no more streams, its status is asked this often, and a stream tried now and then. */
const POLL_MS = 5_000;
const POLLS_BEFORE_STREAM = 6;

/**
 * Keeps the page fed: a stream of events, begun anew whenever it breaks; asking now and then where there is no stream to be
 * had. Calls `report` with a whole status, `update` with a later one that brings one point of history, and `connection` with
 * 'live', 'polling' or 'lost'.
 */
export class LiveFeed {
  #handlers;
  #source = null;
  #timer = null;
  #silence = null;
  #failures = 0;
  #polls = 0;

  constructor(handlers) {
    this.#handlers = handlers;
  }

  start() {
    this.#connect();
    // A laptop that was asleep, or a network that is back: no reason to wait any longer.
    window.addEventListener('online', () => this.#again(0));
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.#source === null) this.#again(0);
    });
  }

  #connect() {
    this.#stop();
    const source = new EventSource('events');
    this.#source = source;
    this.#listen();
    source.addEventListener('report', (event) => this.#take('report', event));
    source.addEventListener('update', (event) => this.#take('update', event));
    source.onerror = () => this.#broken();
  }

  #take(kind, { data }) {
    this.#failures = 0;
    this.#listen();
    this.#handlers[kind](JSON.parse(data));
    this.#handlers.connection('live');
  }

  #listen() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#broken(), SILENCE_MS);
  }

  /** Asks for the status once: that tells an engine that is gone from one that wants a token or has no stream to spare. */
  async #broken() {
    if (this.#source === null) return;
    this.#stop();
    await this.#ask();
  }

  async #ask() {
    try {
      const response = await fetch('api/status', { signal: AbortSignal.timeout(SILENCE_MS) });
      if (response.status === 401) location.reload();
      if (!response.ok) throw new Error(`answered ${response.status}`);
      this.#handlers.report(await response.json());
      // Streams that break at once, though the engine is there.
      const polling = this.#failures > 0;
      this.#failures += 1;
      if (!polling) return this.#again(0);
      this.#handlers.connection('polling');
      this.#polls += 1;
      if (this.#polls % POLLS_BEFORE_STREAM === 0) this.#again(0);
      else this.#timer = setTimeout(() => this.#ask(), POLL_MS);
    } catch {
      this.#handlers.connection('lost');
      this.#again(RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)]);
      this.#failures += 1;
    }
  }

  #again(delayMs) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), delayMs);
  }

  #stop() {
    this.#source?.close();
    this.#source = null;
    clearTimeout(this.#silence);
    clearTimeout(this.#timer);
  }
}
