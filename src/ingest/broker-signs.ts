/** Whether a broker is there, by the client's statistics: a connection that is up may be one of which nothing comes any more. */
export class BrokerSigns {
  #received = -1;
  #connected = false;

  /** A broker is up and bytes came since the report before. */
  get connected(): boolean {
    return this.#connected;
  }

  /** A broker has just answered; the reports begin later. */
  answered(): void {
    this.#connected = true;
  }

  /** `received`: bytes since the start. `up`: whether a connection stands. */
  apply({ received, up }: { readonly received: number; readonly up: boolean }): void {
    this.#connected = up && received > this.#received;
    this.#received = received;
  }
}
