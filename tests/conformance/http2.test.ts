import { afterAll, beforeAll, describe } from "vitest";
import { type Server, serve } from "sluice";
import { cases } from "../../compliance/cases.ts";
import { examineServerOverHttp2 } from "../../compliance/examine.ts";
import { options, suite } from "./suite.ts";

/** One case of each kind, and a part of those that differ in numbers only. */
const chosen = cases.filter(({ id }, i) => /^([3457]|10)\./.test(id) || i % 5 === 0);

describe("a sluice server that echoes over HTTP/2 (RFC 8441)", () => {
  let server: Server;
  beforeAll(async () => {
    server = await serve({
      port: 0,
      host: "127.0.0.1",
      limits: { maxMessageSize: 16 * 1024 * 1024 },
      compression: true,
      http2: true,
      websocket: (_scope, socket) => ({
        text: (message) => socket.send(message),
        bytes: (message) => socket.send(message),
      }),
    });
  });
  afterAll(() => server.close({ timeout: 0 }));

  const url = () => new URL(server.webSocketUrl);
  suite((given) => examineServerOverHttp2(given, url(), options), chosen);
});
