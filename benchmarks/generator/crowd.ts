import type { Order } from "../load.ts";
import { Client, type ClientOwner } from "./client.ts";

/** Handshakes that are under way at a time. */
const handshakes = 64;

/** The connections of a load. */
export class Crowd implements ClientOwner {
  readonly clients: Client[] = [];
  /** Rejects when a connection fails, and never resolves. */
  readonly failure: Promise<never>;
  /** Hears of messages, once there are some. */
  loop: Pick<ClientOwner, "received"> | undefined;
  readonly #order: Order;
  #open = 0;
  #wanted = 0;
  #complete: (() => void) | undefined;
  #fail: (error: Error) => void = () => {};

  constructor(order: Order) {
    this.#order = order;
    this.failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
  }

  /** Opens connections until there are so many. */
  async open(count: number): Promise<void> {
    this.#wanted = count;
    if (this.#open === count) return;
    await new Promise<void>((resolve) => {
      this.#complete = resolve;
      this.#more();
    });
  }

  opened(): void {
    this.#open += 1;
    if (this.#open === this.#wanted) this.#complete?.();
    else this.#more();
  }

  received(client: Client, messages: number): void {
    this.loop?.received(client, messages);
  }

  failed(error: Error): void {
    this.#fail(error);
  }

  #more(): void {
    const most = Math.min(this.#wanted, this.#open + handshakes);
    while (this.clients.length < most) {
      this.clients.push(new Client(this.clients.length, this.#order, this));
    }
  }
}
