/** One server-sent event stream, as far as the hub needs it. */
export interface EventStream {
  /** Queues an event. */
  send(event: string, data: string): void;
  /** Bytes queued that the client has not taken. */
  readonly waiting: number;
  /** Ends it in order where nothing waits, else cuts it. */
  end(): void;
  /** Cuts the connection. */
  cut(): void;
}

/** Viewers of one engine; the next is refused. */
export const CLIENTS_MAX = 16;
/** A client that has this much to take is not reading. */
const WAITING_BYTES_MAX = 512 * 1_024;
/** A client that left something untaken this many events in a row is too slow. */
const SLOW_EVENTS_MAX = 15;

/** Everybody who watches. A slow or vanished one is dropped and holds nobody up: each event is made once and queued for all. */
export class EventHub {
  readonly #streams = new Map<EventStream, number>();
  #closed = false;

  get clients(): number {
    return this.#streams.size;
  }

  get full(): boolean {
    return this.#closed || this.#streams.size >= CLIENTS_MAX;
  }

  add(stream: EventStream): void {
    this.#streams.set(stream, 0);
  }

  remove(stream: EventStream): void {
    this.#streams.delete(stream);
  }

  broadcast(event: string, data: string): void {
    for (const [stream, slow] of this.#streams) {
      const { waiting } = stream;
      const events = waiting > 0 ? slow + 1 : 0;
      if (waiting > WAITING_BYTES_MAX || events > SLOW_EVENTS_MAX) {
        this.#streams.delete(stream);
        stream.cut();
        continue;
      }
      this.#streams.set(stream, events);
      stream.send(event, data);
    }
  }

  /** Says goodbye to all and takes nobody any more. */
  close(): void {
    this.#closed = true;
    for (const stream of this.#streams.keys()) stream.end();
    this.#streams.clear();
  }
}
