import { describe, expect, it } from "vitest";
import { type Application, route, router, WebSocketConsumer } from "sluice";
import { RawPeer } from "sluice/testing";
import { Journal } from "./journal.ts";
import { refusal, request, status } from "./request.ts";
import { echo, start } from "./start.ts";

describe("the application's answer to a handshake, on the wire", () => {
  it("is a 101 with the headers that it adds, one line for each value", async () => {
    const websocket: Application = (_scope, socket) => ({
      open: () => socket.accept({ headers: { "Set-Cookie": ["a=1", "b=2"], "X-Node": "7" } }),
    });
    const { port } = await start({ websocket });
    const peer = await RawPeer.connect(port);
    await peer.write(request());

    const { status: code, text } = await peer.response();
    expect(code).toBe(101);
    expect(text.split("\r\n").slice(-3)).toEqual([
      "Set-Cookie: a=1",
      "Set-Cookie: b=2",
      "X-Node: 7",
    ]);
    peer.socket.destroy();
  });

  it("is a refusal with its status, its headers and its body", async () => {
    class Guarded extends WebSocketConsumer {
      override connect() {
        this.reject(401, { headers: { "WWW-Authenticate": "Bearer" }, body: "who are you?" });
      }
    }
    const { port } = await start({ websocket: Guarded });
    const answer = await refusal(port, request());
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(answer.headers.get("connection")).toBe("close");
    expect(answer.body).toBe("who are you?");
  });

  it("is 403, if it closes before it accepted", async () => {
    const { port } = await start({ websocket: (_, socket) => ({ open: () => socket.close() }) });
    expect((await refusal(port, request())).status).toBe(403);
  });

  it.each([
    ["throws", () => Promise.reject(new Error("no database"))],
    ["throws what no logger can write", () => Promise.reject(cycle())],
  ])("is 500, if it %s, and says nothing of the reason", async (_, open) => {
    const log = new Journal();
    const { port } = await start({ websocket: () => ({ open }), log });
    const answer = await refusal(port, request());
    expect([answer.status, answer.body]).toEqual([500, ""]);
    expect(log.messages("error")).toEqual(["websocket failed in connect"]);
  });

  it.each([
    ["a status that refuses nothing", (socket) => socket.reject(200)],
    ["a status that is none", (socket) => socket.reject(Number.NaN)],
    [
      "a header that would forge another",
      (socket) => socket.accept({ headers: { "X-A": "a\r\nX-B: b" } }),
    ],
    [
      "a header that is the handshake's own",
      (socket) => socket.accept({ headers: { "Sec-WebSocket-Accept": "x" } }),
    ],
    [
      "a refusal with a forged header",
      (socket) => socket.reject(403, { headers: { "X-A": "a\r\n\r\nHTTP/1.1 200 OK" } }),
    ],
  ] satisfies [string, (socket: Parameters<Application>[1]) => void][])(
    "is 500, if it asks for %s",
    async (_, answer) => {
      const { port } = await start({
        websocket: (_scope, socket) => ({ open: () => answer(socket) }),
      });
      const { status: code, text } = await refusal(port, request());
      expect(code).toBe(500);
      expect(text).not.toMatch(/X-[AB]|200|Sec-WebSocket-Accept/);
    },
  );

  it("is 404, if no route has the path, and 101 if one has", async () => {
    const { port } = await start({ websocket: router([route("/chat/:room/", echo)]) });
    const at = (path: string) => status(port, request({}, `GET ${path} HTTP/1.1`));
    expect(await at("/chat/a/?x=1")).toBe(101);
    expect(await at("/chat/a%2Fb/")).toBe(101);
    expect(await at("/x/../chat/a/")).toBe(101);
    expect(await at("/chat/a")).toBe(404);
    expect(await at("/chat/a/b/")).toBe(404);
    expect(await at("/")).toBe(404);
  });
});

describe("a path that is nearly one of ours", () => {
  it("is a 404 that the log explains, since a browser shows nobody the answer", async () => {
    const log = new Journal();
    const { port } = await start({ websocket: router([route("/chat/", echo)]), log });
    expect(await status(port, request({}, "GET /chat HTTP/1.1"))).toBe(404);
    expect(await status(port, request({}, "GET /other HTTP/1.1"))).toBe(404);
    expect(log.messages("warn")).toEqual(['no route matches "/chat", but "/chat/" does']);
  });
});

describe("a mistake in the application's own routing", () => {
  it.each([
    ["limits", { limits: { maxMessageSize: -1 } }],
    ["limits that do not exist", { limits: { maxMessages: 1 } as object }],
    ["options that do not exist", { limit: { maxMessageSize: 1 } } as object],
  ])("is thrown where it is made: a route with impossible %s", (_, options) => {
    expect(() => route("/bad/", echo, options)).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_OPTION" }),
    );
  });

  it("is a 500 and an error in the log: a route with impossible origins", async () => {
    const log = new Journal();
    const origins = "https://example.com" as never;
    const websocket = router([route("/bad/", echo, { origins }), route("/good/", echo)]);
    const { port } = await start({ websocket, log });
    const lines = { Origin: "http://127.0.0.1" };
    expect(await status(port, request(lines, "GET /bad/ HTTP/1.1"))).toBe(500);
    expect(await status(port, request(lines, "GET /good/ HTTP/1.1"))).toBe(101);
    expect(log.fields("error")).toMatchObject([
      { target: "/bad/", error: { code: "ERR_INVALID_OPTION" } },
    ]);
  });

  it("is a 404 and an error in the log: a match that throws", async () => {
    const log = new Journal();
    const match = () => {
      throw new Error("no");
    };
    const { port, url } = await start({ websocket: Object.assign(() => ({}), { match }), log });
    expect(await status(port, request())).toBe(404);
    expect((await fetch(url)).status).toBe(404);
    expect(log.messages("error")).toHaveLength(2);
  });
});

function cycle(): object {
  const thrown: { self?: object; big: bigint } = { big: 1n };
  thrown.self = thrown;
  return thrown;
}
