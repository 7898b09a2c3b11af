import { describe, expect, test } from "vitest";
import { Tutorial } from "./tutorial.ts";

describe("/hello/", () => {
  test("the handshake is told as it was", async () => {
    const tutorial = await Tutorial.start();
    const client = await tutorial.open("/hello/?as=query");

    const [request, key, accept] = await client.texts(3);

    expect(request).toBe("GET /hello/ HTTP/1.1");
    expect(key).toMatch(/^Sec-WebSocket-Key: [A-Za-z0-9+/]{22}==$/);
    expect(accept).toBe(`Sec-WebSocket-Accept: ${client.acceptHeader}`);
  });

  test("each message is told by its kind, its length in bytes and what it holds", async () => {
    const tutorial = await Tutorial.start();
    const client = await tutorial.open("/hello/");
    await client.texts(3);

    client.send("你好");
    client.send(new Uint8Array([0x00, 0xff]));
    client.send("");

    expect(await client.texts(3)).toEqual([
      "text, 6 bytes: 你好",
      "binary, 2 bytes: 00ff",
      "text, 0 bytes: ",
    ]);
  });
});
