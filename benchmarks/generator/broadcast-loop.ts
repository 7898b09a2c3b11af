import type { BroadcastLoad } from "../load.ts";
import type { Client } from "./client.ts";
import type { Meter } from "./meter.ts";
import type { Requests } from "./requests.ts";

/** Keeps broadcasts in flight: when all connections have one, the next one is sent. */
export class BroadcastLoop {
  readonly #load: BroadcastLoad;
  readonly #requests: Requests;
  readonly #meter: Meter;
  /** When each broadcast in flight was sent, and how many connections do not have it yet. */
  readonly #sentAt: Float64Array;
  readonly #missing: Int32Array;
  #clients: readonly Client[] = [];
  /** How many were sent so far. */
  sent = 0;
  #onOver: (() => void) | undefined;

  constructor(load: BroadcastLoad, requests: Requests, meter: Meter) {
    this.#load = load;
    this.#requests = requests;
    this.#meter = meter;
    this.#sentAt = new Float64Array(load.inFlight);
    this.#missing = new Int32Array(load.inFlight);
  }

  start(clients: readonly Client[]): void {
    this.#clients = clients;
    this.#send(this.#load.inFlight, performance.now());
  }

  /** Resolves when the next broadcast is over: between two such moments there are whole ones. */
  async boundary(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onOver = resolve;
    });
  }

  received(client: Client, messages: number): void {
    const now = performance.now();
    const { latencies } = this.#meter;
    let over = 0;
    for (let index = 0; index < messages; index += 1) {
      const place = (client.received + index) % this.#load.inFlight;
      latencies.add(now - (this.#sentAt[place] as number));
      const missing = (this.#missing[place] as number) - 1;
      this.#missing[place] = missing;
      if (missing === 0) over += 1;
    }
    client.received += messages;
    this.#meter.messages += messages;
    if (client.received > this.sent) throw new Error("more was received than sent");
    if (over === 0) return;
    this.#onOver?.();
    this.#onOver = undefined;
    this.#send(over, now);
  }

  #send(messages: number, now: number): void {
    const { inFlight, connections, senders } = this.#load;
    const first = this.sent;
    this.sent += messages;
    for (let index = first; index < this.sent; index += 1) {
      this.#sentAt[index % inFlight] = now;
      this.#missing[index % inFlight] = connections;
    }
    if (senders === 1) {
      this.#clients[0]?.write(this.#requests.take(first, messages));
      return;
    }
    for (let index = first; index < this.sent; index += 1) {
      this.#clients[index % senders]?.write(this.#requests.take(index, 1));
    }
  }
}
