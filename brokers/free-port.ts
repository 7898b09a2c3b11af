import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import process from "node:process";

/**
 * A port on loopback for a program that has to be told one. It stays free until this process ends: nobody
 * else is given it who asks for any port, or who connects to somewhere. Whoever is told it may listen on
 * it, end, and listen on it again.
 */
export async function freePort(): Promise<number> {
  const server = await (holder ??= listening());
  const { port } = server.address() as AddressInfo;
  // A connection that begins at a port keeps it from all to whom the system gives ports, but not from
  // a listener: a server may start anew beside the connections that it had.
  const hold = connect({ port, host: "127.0.0.1", localAddress: "127.0.0.1" });
  await once(hold, "connect");
  const free = hold.localPort as number;
  hold.unref();
  // Other systems than Linux keep it from listeners, too: there it is free for now.
  if (process.platform !== "linux") {
    hold.destroy();
    await once(hold, "close");
  }
  return free;
}

/** Where the connections end that hold ports. */
let holder: Promise<Server> | undefined;

async function listening(): Promise<Server> {
  const server = createServer((socket) => socket.unref());
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  return server;
}
