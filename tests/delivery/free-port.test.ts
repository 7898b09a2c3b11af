import { once } from "node:events";
import { connect, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { freePort } from "../../brokers/free-port.ts";

// Elsewhere nobody can keep a port for somebody else.
describe.skipIf(process.platform !== "linux")("a free port", () => {
  test("is given to nobody else, however many are", async () => {
    const ports = await Promise.all(Array.from({ length: 600 }, freePort));
    expect(new Set(ports).size).toBe(ports.length);
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
