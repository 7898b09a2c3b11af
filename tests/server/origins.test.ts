import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import { connect } from "node:tls";
import { describe, expect, it } from "vitest";
import { type Application, attach, type OriginPolicy, route, router, silentLogger } from "sluice";
import { certificate } from "./certificate.ts";
import { Journal } from "./journal.ts";
import { messages, published } from "./published.ts";
import { type Lines, refusal, request, status } from "./request.ts";
import { echo, listen, start } from "./start.ts";

/** Counts how often it is called, and echoes. */
function counted(): { application: Application; readonly calls: number } {
  let calls = 0;
  return {
    application: (scope, socket) => {
      calls++;
      return echo(scope, socket);
    },
    get calls() {
      return calls;
    },
  };
}

const list = ["https://good.com", "https://*.wild.com", "http://localhost:3000"];

/** The policies that a server may have; its host is good.com, without TLS. */
const policies: Readonly<Record<string, OriginPolicy>> = {
  "same-host": "same-host",
  list,
  any: "insecure-any",
  "list, required": { allow: list, requireOrigin: true },
  "any, required": { allow: "insecure-any", requireOrigin: true },
};

/** Pages, and the policies that let them in. */
const pages: readonly (readonly [page: string, origin: string | string[], allowedBy: string[]])[] =
  [
    ["no page at all", [], ["same-host", "list", "any"]],
    ["our own page", "http://good.com", ["same-host", "any", "any, required"]],
    ["our own page, spelled aloud", "HTTP://GOOD.com:80", ["same-host", "any", "any, required"]],
    [
      "our own name over TLS",
      "https://good.com",
      ["list", "any", "list, required", "any, required"],
    ],
    [
      "a name under a wildcard",
      "https://a.wild.com",
      ["list", "any", "list, required", "any, required"],
    ],
    ["the name of a wildcard itself", "https://wild.com", ["any", "any, required"]],
    ["a name that only ends like it", "https://evilwild.com", ["any", "any, required"]],
    ["a sandboxed page", "null", ["any", "any, required"]],
    ["another port", "http://good.com:8080", ["any", "any, required"]],
    ["a name under ours", "http://sub.good.com", ["any", "any, required"]],
    ["a name that begins like ours", "http://good.com.evil.com", ["any", "any, required"]],
    ["a name that ends like ours", "http://evilgood.com", ["any", "any, required"]],
    ["our name with a dot behind", "http://good.com.", ["any", "any, required"]],
    ["an address", "http://127.0.0.1", ["any", "any, required"]],
    ["an address in IPv6", "http://[::1]", ["any", "any, required"]],
    ["a name that looks like ours", "http://xn--god-tna.com", ["any", "any, required"]],
    ["two pages in one line", "http://good.com, https://good.com", ["any", "any, required"]],
    ["ours as somebody's user", "http://good.com@evil.com", ["any", "any, required"]],
    ["ours with a path", "http://good.com/", ["any", "any, required"]],
    ["two lines", ["http://good.com", "https://good.com"], []],
  ];

describe("who may open a socket (RFC 6455 §10.2)", () => {
  describe.each(Object.entries(policies))("with the policy %s", (name, origins) => {
    it.each(pages)("%s (%j)", async (_, origin, allowedBy) => {
      const app = counted();
      const { port } = await start({ websocket: app.application, origins });
      const allowed = allowedBy.includes(name);
      const lines: Lines = { Host: "good.com", Origin: origin };

      expect(await status(port, request(lines))).toBe(allowed ? 101 : 403);
      expect(app.calls).toBe(allowed ? 1 : 0);
    });
  });

  it("over TLS, our own page is one over TLS", async () => {
    const server = createServer(certificate);
    attach(server, { websocket: echo, log: silentLogger });
    const port = await listen(server);
    const ask = async (Origin: string) => {
      const socket = connect({ port, ca: certificate.cert });
      socket.end(request({ Host: `localhost:${port}`, Origin }));
      const [chunk] = await once(socket, "data");
      socket.destroy();
      return String(chunk).slice(9, 12);
    };

    expect(await ask(`https://localhost:${port}`)).toBe("101");
    expect(await ask(`wss://localhost:${port}`)).toBe("101");
    expect(await ask(`http://localhost:${port}`)).toBe("403");
    expect(await ask("https://localhost")).toBe("403");
  });

  it("a refusal carries nothing of a 101, and is logged with the origin", async () => {
    const log = new Journal();
    const events = published();
    const { port } = await start({ log });
    const answer = await refusal(port, request({ Origin: 'http://evil.com"\t', Cookie: "a=b" }));
    expect(answer.status).toBe(403);
    expect(answer.headers.has("sec-websocket-accept")).toBe(false);
    expect(log.fields("warn")).toEqual([{ target: "/", origin: 'http://evil.com"' }]);
    expect(log.messages("warn")[0]).toContain(String.raw`"http://evil.com\""`);
    expect(messages(events, "sluice:handshake.reject")).toMatchObject([
      { target: "/", status: 403, error: { code: "ERR_HANDSHAKE_ORIGIN" } },
    ]);
  });
});

describe("two applications with different origins on one server", () => {
  const policyOf = { a: ["https://a.com"], b: ["https://b.com"] } as const;

  it.each([
    ["a", "b"],
    ["b", "a"],
  ] as const)("each obey their own, attached in the order %s, %s", async (...order) => {
    const server = createHttpServer();
    const apps = { a: counted(), b: counted() };
    for (const name of order) {
      attach(server, {
        websocket: router([route(`/${name}/`, apps[name].application)]),
        origins: policyOf[name],
        log: silentLogger,
      });
    }
    const port = await listen(server);
    const ask = (path: string, Origin: string) =>
      status(port, request({ Origin }, `GET ${path} HTTP/1.1`));

    expect(await ask("/a/", "https://b.com")).toBe(403);
    expect(await ask("/b/", "https://a.com")).toBe(403);
    expect([apps.a.calls, apps.b.calls]).toEqual([0, 0]);
    expect(await ask("/a/", "https://a.com")).toBe(101);
    expect(await ask("/b/", "https://b.com")).toBe(101);
    expect([apps.a.calls, apps.b.calls]).toEqual([1, 1]);
  });

  it("each obey their own, as routes of one application", async () => {
    const { port } = await start({
      websocket: router([
        route("/a/", echo, { origins: policyOf.a }),
        route("/b", router([route("/c/", echo)]), { origins: policyOf.b }),
        route("/own/", echo),
      ]),
      origins: "same-host",
    });
    const ask = (path: string, Origin: string) =>
      status(port, request({ Origin }, `GET ${path} HTTP/1.1`));

    expect(await ask("/a/", "https://a.com")).toBe(101);
    expect(await ask("/a/", "http://127.0.0.1")).toBe(403);
    expect(await ask("/b/c/", "https://b.com")).toBe(101);
    expect(await ask("/b/c/", "https://a.com")).toBe(403);
    expect(await ask("/own/", "http://127.0.0.1")).toBe(101);
    expect(await ask("/own/", "https://a.com")).toBe(403);
  });
});
