import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { type Application, memoryLayer, UsageError, WebSocketConsumer } from "sluice";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { echo, start } from "./start.ts";

const page = JSON.stringify(Array.from({ length: 200 }, (_, id) => ({ id, name: `item ${id}` })));

describe("compression of a server (RFC 7692)", () => {
  it("is off unless it is asked for", async () => {
    for (const compression of [undefined, false] as const) {
      const server = await start({ ...(compression === undefined ? {} : { compression }) });
      const { client } = await open(server.webSocketUrl);
      expect(client.extensions).toBe("");
    }
  });

  it("carries messages both ways, of any size, with a client that offers it", async () => {
    const { webSocketUrl } = await start({ websocket: echo, compression: true });
    const { client, next } = await open(webSocketUrl);
    expect(client.extensions).toContain("permessage-deflate");
    for (const text of ["short", page, page, page.repeat(100), "", page]) {
      client.send(text);
      expect((await next()) === text).toBe(true);
    }
    const bytes = Buffer.from(page);
    client.send(bytes);
    expect(await next()).toEqual(bytes);
    client.close(1000);
    expect(await once(client, "close")).toMatchObject([1000, expect.anything()]);
  });

  it("is not imposed on a client that offers nothing", async () => {
    const { webSocketUrl } = await start({ websocket: echo, compression: true });
    const { client, next } = await open(webSocketUrl, false);
    expect(client.extensions).toBe("");
    client.send(page);
    expect(await next()).toBe(page);
  });

  it.each([
    ["client_no_context_takeover", { clientNoContextTakeover: true }],
    ["server_no_context_takeover", { serverNoContextTakeover: true }],
    ["server_max_window_bits=10", { serverMaxWindowBits: 10 }],
    ["client_max_window_bits=11", { clientMaxWindowBits: 11 }],
  ] as const)("answers %s where its options say so", async (parameter, compression) => {
    const { webSocketUrl } = await start({ websocket: echo, compression });
    const { answer, client, next } = await open(webSocketUrl);
    expect(answer).toContain(parameter);
    for (let round = 0; round < 3; round++) {
      client.send(page);
      expect(await next()).toBe(page);
    }
  });

  it("reaches each member of a group, whatever it agreed on", async () => {
    class Member extends WebSocketConsumer {
      override async connect() {
        await this.join("all");
      }
      "page.sent"({ text }: { text: string }) {
        this.send(text);
      }
    }
    const layer = memoryLayer();
    const { webSocketUrl } = await start({ websocket: Member, layer, compression: true });
    const members = await Promise.all([
      open(webSocketUrl),
      open(webSocketUrl, { serverMaxWindowBits: 9 }),
      open(webSocketUrl, { serverNoContextTakeover: true }),
      open(webSocketUrl, false),
    ]);
    for (const text of [page, page, "short"]) {
      await layer.groupSend("all", { type: "page.sent", text });
      for (const { next } of members) expect(await next()).toBe(text);
    }
  });

  it("ends the connection of a client that sends what nothing can be made of", async () => {
    const { webSocketUrl } = await start({ websocket: echo, compression: true });
    const { client } = await open(webSocketUrl);
    // A text frame with RSV1, masked with zeros, of a block whose type does not exist.
    (client as unknown as { _socket: NodeJS.WritableStream })._socket.write(
      Buffer.of(0xc1, 0x81, 0, 0, 0, 0, 0x07),
    );
    const [code] = (await once(client, "close")) as [number];
    expect(code).toBe(1007);
  });

  it("says which option is wrong", async () => {
    const wrong: [unknown, string][] = [
      ["yes", 'compression is "yes": it has to be true, false or an object of options'],
      [{ treshold: 1 }, 'compression has no option "treshold"'],
      [{ serverMaxWindowBits: 16 }, "serverMaxWindowBits of compression is 16; it must be 8 to 15"],
    ];
    for (const [compression, words] of wrong) {
      const starting = start({ compression: compression as true });
      await expect(starting).rejects.toThrow(words);
      await expect(starting).rejects.toBeInstanceOf(UsageError);
    }
  });
});

describe("a message that takes long to inflate", () => {
  it("keeps its place before what follows it", async () => {
    const got: string[] = [];
    const application: Application = (_scope, socket) => ({
      text(message) {
        got.push(message.slice(0, 5));
        socket.send(message.slice(0, 5));
      },
    });
    const { webSocketUrl } = await start({
      websocket: application,
      compression: { workPerTurn: 10_000 },
    });
    const { client, next } = await open(webSocketUrl);
    for (const word of ["first", "again", "third"]) {
      client.send(word + page.repeat(20));
      client.send(word);
    }
    for (let answers = 0; answers < 6; answers++) await next();
    expect(got).toEqual(["first", "first", "again", "again", "third", "third"]);
  });
});

type Offer = boolean | { serverMaxWindowBits?: number; serverNoContextTakeover?: boolean };

/** A client of `ws`, and what it gets, one message after the other. */
async function open(url: string, perMessageDeflate: Offer = true) {
  const client = new WebSocket(url, { perMessageDeflate });
  onTestFinished(() => client.terminate());
  const got: (string | Buffer)[] = [];
  let wake = () => {};
  client.on("message", (data: Buffer, binary: boolean) => {
    got.push(binary ? data : data.toString());
    wake();
  });
  const [[response]] = (await Promise.all([once(client, "upgrade"), once(client, "open")])) as [
    [IncomingMessage],
    unknown,
  ];
  const answer = response.headers["sec-websocket-extensions"];
  const next = async () => {
    while (got.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return got.shift();
  };
  return { client, next, answer };
}
