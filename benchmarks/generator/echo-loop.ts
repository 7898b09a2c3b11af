import type { EchoLoad } from "../load.ts";
import type { Client } from "./client.ts";
import type { Meter } from "./meter.ts";
import type { Requests } from "./requests.ts";

/** Keeps every connection's messages in flight: for each that comes back, the next one is sent. */
export class EchoLoop {
  readonly #inFlight: number;
  readonly #requests: Requests;
  readonly #meter: Meter;
  /** How many were sent so far, on all connections. */
  sent = 0;
  /** When each message in flight was sent; a row for each connection. */
  readonly #sentAt: Float64Array;

  constructor({ connections, inFlight }: EchoLoad, requests: Requests, meter: Meter) {
    this.#inFlight = inFlight;
    this.#requests = requests;
    this.#meter = meter;
    this.#sentAt = new Float64Array(connections * inFlight);
  }

  start(clients: readonly Client[]): void {
    for (const client of clients) this.#send(client, this.#inFlight, performance.now());
  }

  /** Resolves at once: every message is whole. */
  async boundary(): Promise<void> {}

  received(client: Client, messages: number): void {
    const now = performance.now();
    const row = client.index * this.#inFlight;
    const { latencies } = this.#meter;
    for (let index = 0; index < messages; index += 1) {
      const place = row + ((client.received + index) % this.#inFlight);
      latencies.add(now - (this.#sentAt[place] as number));
    }
    client.received += messages;
    this.#meter.messages += messages;
    this.#send(client, messages, now);
  }

  #send(client: Client, messages: number, now: number): void {
    const row = client.index * this.#inFlight;
    for (let index = 0; index < messages; index += 1) {
      this.#sentAt[row + ((client.sent + index) % this.#inFlight)] = now;
    }
    const bytes = this.#requests.take(client.sent, messages);
    client.sent += messages;
    this.sent += messages;
    client.write(bytes);
  }
}
