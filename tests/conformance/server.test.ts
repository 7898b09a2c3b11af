import { afterAll, beforeAll, describe } from "vitest";
import { type Server, serve } from "sluice";
import { examineServer } from "../../compliance/examine.ts";
import { options, suite } from "./suite.ts";

describe("a sluice server that echoes (RFC 6455, RFC 7692)", () => {
  let server: Server;
  beforeAll(async () => {
    server = await serve({
      port: 0,
      host: "127.0.0.1",
      limits: { maxMessageSize: 16 * 1024 * 1024 },
      compression: true,
      websocket: (_scope, socket) => ({
        text: (message) => socket.send(message),
        bytes: (message) => socket.send(message),
      }),
    });
  });
  afterAll(() => server.close({ timeout: 0 }));

  suite((given) => examineServer(given, new URL(server.webSocketUrl), options));
});
