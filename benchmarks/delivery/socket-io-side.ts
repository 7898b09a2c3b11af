import { join } from "node:path";
import process from "node:process";
import { io } from "socket.io-client";
import { freePort, startProgram, stopProgram } from "./processes.ts";
import type { Client, Publisher, Servers, Side } from "./side.ts";
import type { Tally } from "./tally.ts";

/** Socket.IO with connection state recovery; across processes over Redis streams, as documented. */
export const socketIo: Side = {
  name: "Socket.IO",

  async serve(workers: number | undefined): Promise<Servers | undefined> {
    const port = await freePort();
    const module = join(import.meta.dirname, "socket-io-server.js");
    if (workers === undefined) {
      const child = await startProgram(process.execPath, [module], port);
      return { port, restart: () => {}, close: () => stopProgram(child) };
    }
    const program = process.env.REDIS_SERVER ?? "";
    if (program === "") return undefined;
    const redisPort = await freePort();
    const redis = await startProgram(
      program,
      ["--port", String(redisPort), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
      redisPort,
    );
    const child = await startProgram(process.execPath, [module], port, {
      WORKERS: String(workers),
      REDIS_PORT: String(redisPort),
    });
    return {
      port,
      restart: () => child.kill("SIGUSR2"),
      close: async () => {
        await stopProgram(child);
        await stopProgram(redis);
      },
    };
  },

  follow(port: number, tally: Tally): Client {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ["websocket"], forceNew: true });
    let isFirst = true;
    let isClosed = false;
    socket.on("connect", () => {
      if (!isFirst && !socket.recovered) tally.reloads += 1;
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

  publisher(port: number): Publisher {
    const socket = io(`http://127.0.0.1:${port}`, {
      transports: ["websocket"],
      forceNew: true,
      retries: 10,
      ackTimeout: 2_000,
    });
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
};
