import { join } from "node:path";
import process from "node:process";
import { type ClientSocket, connect } from "sluice";
import { freePort, startProgram, stopProgram } from "./processes.ts";
import type { Client, Publisher, Servers, Side } from "./side.ts";
import type { Tally } from "./tally.ts";

/** What the server sends. */
interface Frame {
  readonly position?: string;
  readonly number?: number;
  readonly reload?: boolean;
  readonly taken?: string;
}

/** sluice: `sluice serve`, the memory layer or the cluster's, and plain clients that keep a position. */
export const sluice: Side = {
  name: "sluice",

  async serve(workers: number | undefined): Promise<Servers> {
    const port = await freePort();
    const cli = join(import.meta.dirname, "../../dist/cli/main.js");
    const module = join(import.meta.dirname, "sluice-server.js");
    const several = workers === undefined ? [] : ["--workers", String(workers)];
    const child = await startProgram(
      process.execPath,
      [cli, "serve", module, "--timeout", "5000", ...several],
      port,
      workers === undefined ? {} : { CLUSTER: "1" },
    );
    return { port, restart: () => child.kill("SIGUSR2"), close: () => stopProgram(child) };
  },

  follow(port: number, tally: Tally): Client {
    let position: string | undefined;
    return stayConnected(
      () => {
        const query = position === undefined ? "" : `?since=${encodeURIComponent(position)}`;
        return `ws://127.0.0.1:${port}/${query}`;
      },
      {
        opened: () => tally.connected(),
        frame: ({ number, position: next, reload }) => {
          if (reload === true) tally.reloads += 1;
          if (number !== undefined) tally.show(number);
          // Afterwards: what could not be shown comes again.
          if (next !== undefined) position = next;
        },
        ended: () => tally.disconnected(),
      },
    );
  },

  publisher(port: number): Publisher {
    const waiting = new Map<string, string>();
    let socket: ClientSocket | undefined;
    const client = stayConnected(() => `ws://127.0.0.1:${port}/`, {
      opened: (opened) => {
        socket = opened;
        for (const text of waiting.values()) opened.send(text);
      },
      frame: ({ taken }) => {
        if (taken !== undefined) waiting.delete(taken);
      },
      ended: () => {
        socket = undefined;
      },
    });
    return {
      close: client.close,
      publish(number) {
        const id = `m${number}`;
        const text = JSON.stringify({ id, number });
        waiting.set(id, text);
        socket?.send(text);
      },
      get waiting() {
        return waiting.size;
      },
    };
  },
};

interface Listener {
  opened(socket: ClientSocket): void;
  frame(frame: Frame): void;
  ended(): void;
}

/** Connects, and connects again whenever the connection ends: after a delay with full jitter. */
function stayConnected(url: () => string, listener: Listener): Client {
  let isClosed = false;
  let socket: ClientSocket | undefined;
  const run = async (): Promise<void> => {
    for (let failures = 0; !isClosed; ) {
      try {
        socket = await connect(url());
        failures = 0;
        listener.opened(socket);
        for await (const message of socket) {
          if (isClosed) break;
          listener.frame(JSON.parse(String(message)) as Frame);
        }
      } catch {
        failures += 1;
      }
      listener.ended();
      const longest = Math.min(5_000, 500 * 2 ** failures);
      if (!isClosed) await new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
    }
  };
  void run();
  return {
    close() {
      isClosed = true;
      socket?.close();
    },
  };
}
