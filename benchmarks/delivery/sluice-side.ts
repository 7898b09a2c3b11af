import { join } from "node:path";
import process from "node:process";
import { type ClientSocket, connect } from "sluice";
import { freePort } from "../../brokers/free-port.ts";
import { Answers } from "./answers.ts";
import type { Engine } from "./engine.ts";
import { startProgram, stopProgram } from "./processes.ts";
import type { Client, Machine, Member, Publisher, Servers, Side } from "./side.ts";
import type { Tally } from "./tally.ts";

/** What the server sends to those who follow and publish. */
interface Frame {
  readonly position?: string;
  readonly number?: number;
  readonly reload?: boolean;
  readonly taken?: string;
}

/** sluice: `sluice serve`, one of its layers, and plain clients that keep a position. */
export const sluice: Side = {
  name: "sluice",
  engines: ["memory", "cluster", "redis", "nats"],

  async serve(engine: Engine, processes: number): Promise<Servers> {
    const several = processes === 1 ? [] : ["--workers", String(processes)];
    const { port, child } = await start(engine, several);
    return { port, restart: () => child.kill("SIGUSR2"), close: () => stopProgram(child) };
  },

  async serveAlone(engine: Engine): Promise<Machine> {
    const { port, child } = await start(engine, []);
    return { port, signal: (name) => child.kill(name), close: () => stopProgram(child) };
  },

  follow(port: number, tally: Tally, patience?: number): Client {
    let position: string | undefined;
    return stayConnected(
      () => {
        const query = position === undefined ? "" : `?since=${encodeURIComponent(position)}`;
        return `ws://127.0.0.1:${port}/${query}`;
      },
      {
        opened: () => tally.connected(),
        frame: ({ number, position: next, reload }) => {
          if (reload === true) tally.reload();
          if (number !== undefined) tally.show(number);
          // Afterwards: what could not be shown comes again.
          if (next !== undefined) position = next;
        },
        ended: () => tally.disconnected(),
      },
      patience,
    );
  },

  publisher(port: number, patience?: number): Publisher {
    const waiting = new Map<string, string>();
    let socket: ClientSocket | undefined;
    const client = stayConnected(
      () => `ws://127.0.0.1:${port}/`,
      {
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
      },
      patience,
    );
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

  member: (port, hear) => jsonMember(`ws://127.0.0.1:${port}/member/`, hear),
};

/** A member whose server speaks as that of sluice does, in frames of JSON. */
export async function jsonMember(
  url: string,
  hear: (group: string, number: number) => void,
): Promise<Member> {
  const socket = await connect(url);
  const answers = new Answers();
  const listen = async (): Promise<void> => {
    for await (const message of socket) {
      const { done, group, number } = JSON.parse(String(message)) as {
        readonly done?: number;
        readonly group: string;
        readonly number: number;
      };
      if (done === undefined) hear(group, number);
      else answers.settle(done);
    }
  };
  void listen().catch(() => {});
  const ask = (verb: string, group: string, number?: number): Promise<void> => {
    const { id, answered } = answers.expect();
    socket.send(JSON.stringify({ ask: id, verb, group, number }));
    return answered;
  };
  return {
    join: (group) => ask("join", group),
    leave: (group) => ask("leave", group),
    send: (group, number) => ask("send", group, number),
    close: () => socket.close(),
  };
}

async function start(
  engine: Engine,
  parameters: readonly string[],
): Promise<{ port: number; child: Awaited<ReturnType<typeof startProgram>> }> {
  const port = await freePort();
  const cli = join(import.meta.dirname, "../../dist/cli/main.js");
  const module = join(import.meta.dirname, "sluice-server.js");
  const child = await startProgram(
    process.execPath,
    [cli, "serve", module, "--timeout", "5000", ...parameters],
    port,
    engine.environment,
  );
  return { port, child };
}

interface Listener {
  opened(socket: ClientSocket): void;
  frame(frame: Frame): void;
  ended(): void;
}

/** Connects, and connects again whenever the connection ends: after a delay with full jitter. */
function stayConnected(url: () => string, listener: Listener, patience = 5_000): Client {
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
      const longest = Math.min(patience, 500 * 2 ** failures);
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
