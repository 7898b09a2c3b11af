import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A network between a process and a server, that can be cut and stopped. */
export class Wire {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isCut = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** A wire to a port of this machine. */
  static async to(port: number): Promise<Wire> {
    const server = createServer();
    const wire = new Wire(server);
    server.on("connection", (here) => wire.#join(here, port));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends all connections, and lets none through. */
  cut(): void {
    this.#isCut = true;
    for (const [here, there] of this.#pairs) {
      here.destroy();
      there.destroy();
    }
  }

  /** Lets connections through again. */
  restore(): void {
    this.#isCut = false;
  }

  /** Takes nothing more from the server, though the connection stays. */
  stall(): void {
    for (const [, there] of this.#pairs) there.pause();
  }

  async close(): Promise<void> {
    this.cut();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  #join(here: Socket, port: number): void {
    if (this.#isCut) return void here.destroy();
    const there = connect(port, "127.0.0.1");
    const pair = [here, there] as const;
    this.#pairs.add(pair);
    for (const [one, another] of [pair, [there, here]] as const) {
      one.on("data", (data) => void another.write(data));
      one.on("error", () => {});
      one.on("close", () => {
        another.destroy();
        this.#pairs.delete(pair);
      });
    }
  }
}
