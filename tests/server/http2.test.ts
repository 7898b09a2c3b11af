import { describe, expect, test } from "vitest";
import type { Scope } from "sluice";
import { RawPeer } from "sluice/testing";
import { certificate } from "./certificate.ts";
import { Http2Client } from "./http2-client.ts";
import { start } from "./start.ts";

const places = [
  { where: "over TLS", tls: certificate },
  { where: "in cleartext", tls: undefined },
] as const;

describe.each(places)("a WebSocket over HTTP/2 $where (RFC 8441 §5)", ({ tls }) => {
  const options = { http2: true, ...(tls && { tls }) };

  test("echoes, and closes with the closing handshake and END_STREAM", async () => {
    const scopes: Scope[] = [];
    const server = await start({
      ...options,
      websocket: (scope, socket) => {
        scopes.push(scope);
        return { text: (message) => socket.send(message) };
      },
    });
    const client = await Http2Client.connect(server.url);
    const peer = await client.open("/chat/?a=1", {
      ":authority": "example.com",
      cookie: ["a=1", "b=2"],
    });
    peer.send(1, "hello");
    expect(String((await peer.frame()).payload)).toBe("hello");
    expect(server.connections).toBe(1);

    peer.send(8, Buffer.of(0x03, 0xe8));
    const close = await peer.frame();
    expect([close.opcode, close.payload.readUInt16BE()]).toEqual([8, 1000]);
    expect(await peer.end()).toHaveLength(0);
    peer.stream.end();
    expect(await peer.closed).toBe(0);
    await expect.poll(() => server.connections).toBe(0);

    const [scope] = scopes;
    expect(scope).toMatchObject({
      httpVersion: "2",
      secure: tls !== undefined,
      path: "/chat/",
      client: { address: "127.0.0.1", port: client.session.socket.localPort },
    });
    expect(scope!.query.get("a")).toBe("1");
    expect(scope!.headers).toEqual({
      host: "example.com",
      cookie: "a=1; b=2",
      "sec-websocket-version": "13",
    });
  });

  test("stands beside one over HTTP/1.1 on the same port", async () => {
    const server = await start(options);
    const overHttp2 = await (await Http2Client.connect(server.url)).open();
    if (tls === undefined) {
      const overHttp1 = await RawPeer.open(server.port);
      await overHttp1.send(1, "one");
      expect(String((await overHttp1.frame()).payload)).toBe("one");
    }
    overHttp2.send(1, "two");
    expect(String((await overHttp2.frame()).payload)).toBe("two");
  });
});
