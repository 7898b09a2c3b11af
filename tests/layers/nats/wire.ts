import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A network between a process and a server, that can be cut and stalled. */
export class Wire {
  readonly #to: number;
  #server: Server | undefined;
  #port = 0;
  /** How many connections came. */
  count = 0;
  readonly #pairs = new Set<readonly [Socket, Socket]>();

  private constructor(to: number) {
    this.#to = to;
  }

  /** A wire to a port of this machine. */
  static async to(port: number): Promise<Wire> {
    const wire = new Wire(port);
    await wire.restore();
    return wire;
  }

  get port(): number {
    return this.#port;
  }

  /** Ends all connections, and refuses others. */
  async cut(): Promise<void> {
    for (const [here, there] of this.#pairs) {
      here.destroy();
      there.destroy();
    }
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    await closed;
  }

  /** Lets connections through again, at the same port. */
  async restore(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((here) => this.#join(here));
    this.#server = server;
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Takes nothing more from the server, though the connection stays. */
  stall(): void {
    for (const [, there] of this.#pairs) there.pause();
  }

  #join(here: Socket): void {
    this.count += 1;
    const there = connect(this.#to, "127.0.0.1");
    const pair = [here, there] as const;
    this.#pairs.add(pair);
    for (const [one, another] of [pair, [there, here]] as const) {
      one.setNoDelay();
      one.on("data", (data) => void another.write(data));
      one.on("error", () => {});
      one.on("close", () => {
        another.destroy();
        this.#pairs.delete(pair);
      });
    }
  }
}
