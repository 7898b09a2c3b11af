import { join } from "node:path";
import process from "node:process";
import { io, type Socket, type SocketOptions } from "socket.io-client";
import { freePort } from "../../brokers/free-port.ts";
import type { Engine } from "./engine.ts";
import { startProgram, stopProgram } from "./processes.ts";
import type { Client, Machine, Member, Publisher, Servers, Side } from "./side.ts";
import type { Tally } from "./tally.ts";

/** Socket.IO with connection state recovery; across processes over Redis streams, as documented. */
export const socketIo: Side = {
  name: "Socket.IO",

  engines: ["memory", "redis"],

  async serve(engine: Engine, processes: number): Promise<Servers> {
    const workers = processes === 1 ? {} : { WORKERS: String(processes) };
    const { port, child } = await start(engine, workers);
    return { port, restart: () => child.kill("SIGUSR2"), close: () => stopProgram(child) };
  },

  async serveAlone(engine: Engine): Promise<Machine> {
    const { port, child } = await start(engine, {});
    return { port, signal: (name) => child.kill(name), close: () => stopProgram(child) };
  },

  follow(port: number, tally: Tally, patience?: number): Client {
    const socket = open(port, patience, { auth: { follow: true } });
    let isFirst = true;
    let isClosed = false;
    socket.on("connect", () => {
      if (!isFirst && !socket.recovered) tally.reload();
      isFirst = false;
      tally.connected();
    });
    socket.on("disconnect", () => {
      tally.disconnected();
      // The client does not come back by itself when the server says goodbye.
      if (!socket.active && !isClosed) socket.connect();
    });
    socket.on("item", (number: number) => tally.show(number));
    return {
      close() {
        isClosed = true;
        socket.disconnect();
      },
    };
  },

  publisher(port: number, patience?: number): Publisher {
    const socket = open(port, patience, { retries: 10, ackTimeout: 2_000 });
    let isClosed = false;
    socket.on("disconnect", () => {
      if (!socket.active && !isClosed) socket.connect();
    });
    let waiting = 0;
    return {
      close() {
        isClosed = true;
        socket.disconnect();
      },
      publish(number) {
        waiting += 1;
        socket.emit("publish", number, () => {
          waiting -= 1;
        });
      },
      get waiting() {
        return waiting;
      },
    };
  },

  async member(port: number, hear: (group: string, number: number) => void): Promise<Member> {
    const socket = open(port, undefined, {});
    socket.on("group item", hear);
    await new Promise<void>((resolve) => socket.once("connect", resolve));
    return {
      join: (group) => socket.emitWithAck("join", group),
      leave: (group) => socket.emitWithAck("leave", group),
      send: (group, number) => socket.emitWithAck("send", group, number),
      close: () => void socket.disconnect(),
    };
  },
};

function open(port: number, patience: number | undefined, options: Partial<SocketOptions>): Socket {
  return io(`http://127.0.0.1:${port}`, {
    transports: ["websocket"],
    forceNew: true,
    ...(patience === undefined
      ? {}
      : { reconnectionDelay: patience, reconnectionDelayMax: patience }),
    ...options,
  });
}

async function start(
  engine: Engine,
  environment: Readonly<Record<string, string>>,
): Promise<{ port: number; child: Awaited<ReturnType<typeof startProgram>> }> {
  const port = await freePort();
  const module = join(import.meta.dirname, "socket-io-server.js");
  const child = await startProgram(process.execPath, [module], port, {
    ...engine.environment,
    ...environment,
  });
  return { port, child };
}
