import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** One client's link to its server, in TCP: it can be cut as a tunnel or a lost signal cuts it. */
export class Proxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [near: Socket, far: Socket]>();
  #isCut = false;
  /** Where new connections lead: a port on loopback. */
  target: number;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.target = target;
  }

  /** Opens one, to a port on loopback. */
  static async open(target: number): Promise<Proxy> {
    const server = createServer();
    const proxy = new Proxy(server, target);
    server.on("connection", (near) => proxy.#carry(near));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * No byte passes any more, in either direction, and nobody is told; what is on its way is lost. With
   * `isAbrupt` the client is told at once, by a reset, and finds nobody there until {@link mend}.
   */
  cut(isAbrupt: boolean): void {
    this.#isCut = true;
    for (const [near, far] of this.#pairs) {
      for (const socket of [near, far]) socket.removeAllListeners("data").resume();
      if (isAbrupt) near.resetAndDestroy();
    }
  }

  /** New connections pass; the old ones are reset, at both ends. */
  mend(): void {
    this.#isCut = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
    this.#pairs.clear();
  }

  close(): void {
    this.#server.close();
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  #carry(near: Socket): void {
    near.on("error", () => {});
    if (this.#isCut) return void near.resetAndDestroy();
    const far = connect(this.target, "127.0.0.1");
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    far.on("error", () => {});
    for (const [from, to] of [pair, [far, near] as const]) {
      from.setNoDelay(true);
      from.on("data", (bytes) => to.write(bytes));
      from.on("end", () => {
        if (!this.#isCut) to.end();
      });
      from.on("close", (hadError) => {
        if (this.#isCut) return;
        this.#pairs.delete(pair);
        if (hadError) to.resetAndDestroy();
        else to.end();
      });
    }
  }
}
