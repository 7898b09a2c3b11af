import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { freePort } from "../../brokers/free-port.ts";

// Elsewhere nobody can keep a port for somebody else.
describe.skipIf(process.platform !== "linux")("a free port", () => {
  test("is held by a connection, so that nobody else is given it", async () => {
    const ports = [await freePort(), await freePort()];
    // Local addresses and states, in hexadecimal; 01 is an open connection.
    const sockets = readFileSync("/proc/net/tcp", "utf8").matchAll(/: 0100007F:(\w+) \S+ (\w+) /g);
    const held = [...sockets].filter(([, , state]) => state === "01").map(([, port]) => port);
    for (const port of ports)
      expect(held).toContain(port.toString(16).toUpperCase().padStart(4, "0"));
    expect(ports[0]).not.toBe(ports[1]);
  });

  test("is there for a server, and for the server that comes after it", async () => {
    const port = await freePort();
    for (let starts = 0; starts < 3; starts += 1) {
      const server = createServer((socket) => socket.end("hello")).listen(port, "127.0.0.1");
      await once(server, "listening");
      const client = connect(port, "127.0.0.1").setEncoding("utf8");
      expect((await once(client, "data"))[0]).toBe("hello");
      server.close();
      await once(server, "close");
    }
  });

  test("has nobody who listens, until somebody does", async () => {
    const client = connect(await freePort(), "127.0.0.1");
    await expect(once(client, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
