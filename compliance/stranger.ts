import type { AddressInfo, Server, Socket } from "node:net";
import { examineConnection, listen } from "./examine.ts";
import type { Examine } from "./run.ts";
import type { TesterOptions } from "./tester.ts";
import { neverOpened } from "./verdict.ts";

/** How long a client that has been there may stay away, in milliseconds. */
const patience = 30_000;

/** A client that nobody here has started: each of its connections is the next case. */
export class Stranger {
  /** Where it has to connect to. */
  readonly url: string;
  readonly #listener: Server;
  /** Cases that have no connection yet, or connections that have no case. */
  readonly #cases: ((socket: Socket | undefined) => void)[] = [];
  readonly #sockets: Socket[] = [];
  #absence: NodeJS.Timeout | undefined;
  #gone = false;

  private constructor(listener: Server, host: string) {
    this.#listener = listener;
    this.url = `ws://${host}:${(listener.address() as AddressInfo).port}/`;
    listener.on("connection", (socket: Socket) => this.#onConnection(socket));
  }

  /** Listens for it. Port 0 is any port. */
  static async await(port: number, host: string): Promise<Stranger> {
    return new Stranger(await listen(port, host), host);
  }

  /** Runs cases with it. */
  examine(options: TesterOptions): Examine {
    return async (given) => {
      const socket = await this.#next();
      return socket
        ? examineConnection(given, socket, options)
        : neverOpened(given, "it did not connect again");
    };
  }

  /** Lets no more connections in. */
  close(): void {
    clearTimeout(this.#absence);
    this.#listener.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #onConnection(socket: Socket): void {
    clearTimeout(this.#absence);
    this.#absence = setTimeout(() => this.#onAbsence(), patience);
    socket.on("close", () => this.#absence?.refresh());
    const take = this.#cases.shift();
    if (take) take(socket);
    else this.#sockets.push(socket);
  }

  #onAbsence(): void {
    this.#gone = true;
    for (const give of this.#cases.splice(0)) give(undefined);
  }

  #next(): Promise<Socket | undefined> {
    const socket = this.#sockets.shift();
    if (socket || this.#gone) return Promise.resolve(socket);
    return new Promise((resolve) => this.#cases.push(resolve));
  }
}
