import { memoryLayer, type Middleware, type Scope, type Server, serve, stack } from "sluice";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSite } from "../../examples/tutorial/site.ts";
import { certificate } from "../server/certificate.ts";
import { connected, heard, say } from "./chat-page.ts";
import { describeInBrowser, visit } from "./chromium.ts";

let server: Server;
let scopes: Scope[];

/** Remembers whom it met. */
const watch: Middleware = (inner) => (scope, socket) => {
  scopes.push(scope);
  return inner(scope, socket);
};

beforeEach(async () => {
  scopes = [];
  const layer = memoryLayer();
  const site = createSite(layer);
  server = await serve({
    websocket: stack(watch, site.websocket),
    http: site.http,
    tls: certificate,
    http2: true,
    compression: true,
    layer,
    port: 0,
  });
});

afterEach(() => server.close({ timeout: 0 }));

describeInBrowser("the chat page over HTTP/2 (RFC 8441)", () => {
  test("two visitors talk, each over the session that their page came by", async () => {
    const ann = await visit(server.url);
    const bo = await visit(server.url);
    await connected(ann.page);
    await connected(bo.page);

    await say(ann.page, "你好，bo");
    await heard(bo.page, ["你好，bo"]);
    await say(bo.page, "hello, ann");

    for (const { page, complaints } of [ann, bo]) {
      await heard(page, ["你好，bo", "hello, ann"]);
      expect(complaints).toEqual([]);
    }
    expect(scopes.map(({ httpVersion, secure }) => [httpVersion, secure])).toEqual([
      ["2", true],
      ["2", true],
    ]);
    expect(server.connections).toBe(2);

    await ann.page.close();
    await expect.poll(() => server.connections).toBe(1);
  });
});
