import { type ChannelLayer, memoryLayer, type Server, serve, silentLogger } from "sluice";
import { afterEach } from "vitest";
import { createSite } from "../../examples/tutorial/site.ts";
import { Client } from "./client.ts";
import { ManualClock } from "./manual-clock.ts";

/** The tutorial on a port of its own, with a clock that stands still. It ends with the test. */
export class Tutorial {
  readonly clock: ManualClock;
  readonly url: string;
  readonly #socketUrl: string;

  private constructor(server: Server, clock: ManualClock) {
    this.clock = clock;
    this.url = server.url;
    this.#socketUrl = server.webSocketUrl;
  }

  static async start(layer: ChannelLayer = memoryLayer()): Promise<Tutorial> {
    const clock = new ManualClock();
    const site = createSite(layer, clock);
    const server = await serve({ ...site, layer, port: 0, log: silentLogger });
    running.push(server);
    return new Tutorial(server, clock);
  }

  /** Connects to one of the tutorial's sockets. */
  open(path: string, subprotocols?: string[]): Promise<Client> {
    return Client.open(this.#socketUrl + path, subprotocols);
  }

  /** Connects in vain and resolves with the HTTP status of the refusal. */
  refused(path: string, subprotocols?: string[]): Promise<number | undefined> {
    return Client.refused(this.#socketUrl + path, subprotocols);
  }

  /** Asks for a page, or a part of one. */
  get(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url + path, init);
  }
}

const running: Server[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close({ timeout: 0 })));
});
