import { createServer } from "node:http";
import { silentLogger } from "sluice";
import { RawPeer, upgradeRequest } from "sluice/testing";
import { describe, expect, it } from "vitest";
import { Reception } from "../../src/server/reception.ts";
import { listen, start } from "./start.ts";

const text = "\x81\x82\0\0\0\0hi";

describe("the first bytes of a connection", () => {
  it.each([1, 7, 40, undefined])("may come in pieces of %s octets", async (chop) => {
    const { port } = await start();
    const peer = await RawPeer.connect(port);
    await peer.write(upgradeRequest("/", { Origin: "http://127.0.0.1" }) + text, chop);
    expect((await peer.response()).status).toBe(101);
    expect(String((await peer.frame()).payload)).toBe("hi");
    peer.socket.destroy();
  });

  it("are those of plain requests as well, one behind the other, and of a handshake at last", async () => {
    const { port } = await start({
      http: (request, response) => void response.end(`you asked for ${request.url}`),
    });
    const peer = await RawPeer.connect(port);
    await peer.write("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
    expect((await peer.response()).body).toBe("you asked for /a");
    expect((await peer.response()).body).toBe("you asked for /b");
    await peer.write("POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
    await peer.write("dy");
    expect((await peer.response()).body).toBe("you asked for /c");
    await peer.write(upgradeRequest() + text);
    expect((await peer.response()).status).toBe(101);
    expect(String((await peer.frame()).payload)).toBe("hi");
    peer.socket.destroy();
  });

  it("are answered as node:http answers them, when they are no HTTP at all", async () => {
    const { port } = await start();
    for (const said of ["hello\r\n\r\n", "GET / HTTP/1.1\nHost: a\r: b\r\n\r\n", "\0".repeat(64)]) {
      const peer = await RawPeer.connect(port);
      await peer.write(said);
      expect((await peer.response()).status).toBe(400);
      await peer.end();
    }
  });

  it("may never come: who ends its half without a word is let go of", async () => {
    const { port } = await start();
    const peer = await RawPeer.connect(port);
    peer.finish();
    expect(await peer.end()).toHaveLength(0);
  });

  it("may never come: who breaks off without a word is no error", async () => {
    const { port } = await start();
    for (let i = 0; i < 5; i++) (await RawPeer.connect(port)).reset();
    const peer = await RawPeer.open(port);
    peer.socket.destroy();
  });

  it("are not waited for by a server that closes", async () => {
    const server = await start();
    const peer = await RawPeer.connect(server.port);
    await server.close({ timeout: 5_000 });
    expect(await peer.end()).toHaveLength(0);
  });

  it("have to come in the time of node:http, or are answered with 408", async () => {
    const server = createServer();
    server.headersTimeout = 60;
    const reception = new Reception(server, () => {});
    const port = await listen(server);
    const first = await RawPeer.connect(port);
    const second = await RawPeer.connect(port);
    for (const peer of [first, second]) {
      expect((await peer.response()).status).toBe(408);
      await peer.end();
    }
    reception.destroy();
  });

  it("may be waited for without end, if node:http is told to", async () => {
    const server = createServer();
    server.headersTimeout = 0;
    const received: string[] = [];
    const reception = new Reception(server, (opening) => {
      received.push(opening.target);
      opening.refuse({ status: 503 });
    });
    const port = await listen(server);
    const peer = await RawPeer.connect(port);
    // Where 0 was taken for a time, it would be over.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await peer.write(upgradeRequest("/late"));
    expect((await peer.response()).status).toBe(503);
    expect(received).toEqual(["/late"]);
    reception.destroy();
  });

  it("are left to node:http as long as somebody else listens for upgrades", async () => {
    const server = createServer();
    const received: string[] = [];
    const reception = new Reception(server, (opening) => {
      received.push(opening.target);
      opening.refuse({ status: 503 });
    });
    const port = await listen(server);
    const heard: string[] = [];
    const ours = () => {};
    server.on("upgrade", ours);
    server.on("upgrade", (request, socket) => {
      heard.push(request.url ?? "");
      socket.destroy();
    });
    const first = await RawPeer.connect(port);
    await first.write(upgradeRequest("/neighbour"));
    await first.end();
    server.off("upgrade", ours);
    const second = await RawPeer.connect(port);
    await second.write(upgradeRequest("/alone"));
    await second.end();
    expect([heard, received]).toEqual([["/neighbour"], ["/alone"]]);
    reception.destroy();
  });

  it("come behind a handshake that was refused: nobody reads them", async () => {
    const { port } = await start({ origins: ["https://good.example"], log: silentLogger });
    const peer = await RawPeer.connect(port);
    await peer.write(upgradeRequest("/", { Origin: "https://evil.example" }));
    expect((await peer.response()).status).toBe(403);
    await peer.write(upgradeRequest());
    expect(await peer.end()).toHaveLength(0);
  });
});
