import cluster, { type Worker } from "node:cluster";
import { createServer } from "node:http";
import process from "node:process";
import { createAdapter } from "@socket.io/redis-streams-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const workers = Number(process.env.WORKERS ?? "0");

if (workers > 0 && cluster.isPrimary) runCluster();
else await serve();

/** Runs several processes; SIGUSR2 replaces them one by one, each once its successor serves. */
function runCluster(): void {
  const start = (): Promise<Worker> =>
    new Promise((resolve) => {
      const worker = cluster.fork();
      worker.once("message", () => resolve(worker));
    });
  const started = Promise.all(Array.from({ length: workers }, start));
  process.on("SIGUSR2", () => {
    void (async () => {
      for (const old of await started) {
        await start();
        const ended = new Promise((resolve) => old.once("exit", resolve));
        old.process.kill("SIGTERM");
        await ended;
      }
    })();
  });
  process.on("SIGTERM", () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill("SIGKILL");
    process.exit(0);
  });
}

// Now and then a lost connection of its adapter is an error that nobody can catch; it goes on by itself.
process.on("uncaughtException", () => {});

/** A server as the documentation of connection state recovery has it. */
async function serve(): Promise<void> {
  const http = createServer();
  const io = new Server(http, {
    connectionStateRecovery: { maxDisconnectionDuration: 2 * 60 * 1_000, skipMiddlewares: true },
    ...(process.env.REDIS_URL === undefined ? {} : { adapter: await redisAdapter() }),
  });
  io.on("connection", (socket) => {
    if (socket.handshake.auth["follow"] === true) void socket.join("feed");
    socket.on("publish", (number: number, taken: () => void) => {
      io.to("feed").emit("item", number);
      taken();
    });
    socket.on("join", async (group: string, done: () => void) => {
      await socket.join(group);
      done();
    });
    socket.on("leave", async (group: string, done: () => void) => {
      await socket.leave(group);
      done();
    });
    socket.on("send", (group: string, number: number, done: () => void) => {
      io.to(group).emit("group item", group, number);
      done();
    });
  });
  process.on("SIGTERM", () => {
    void io.close(() => process.exit(0));
  });
  http.listen(Number(process.env.PORT), "127.0.0.1", () => process.send?.("ready"));
}

/** The adapter that supports recovery across processes. */
async function redisAdapter(): Promise<ReturnType<typeof createAdapter>> {
  const client = createClient({ url: process.env.REDIS_URL ?? "" });
  client.on("error", () => {});
  await client.connect();
  return createAdapter(client);
}
