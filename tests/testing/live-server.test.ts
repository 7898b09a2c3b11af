import { WebSocketConsumer } from "sluice";
import { liveServer, RawPeer } from "sluice/testing";
import { expect, test } from "vitest";

class Echo extends WebSocketConsumer {
  override receive(text: string) {
    if (text === "throw") throw new Error("as told");
    this.send(text);
  }
}

test("a live server serves on a free port, several at once, until the test is over", async () => {
  let url: string;
  {
    await using one = await liveServer({ websocket: Echo });
    await using other = await liveServer({ websocket: Echo });
    url = one.url;
    expect(one.port).not.toBe(other.port);
    const peer = await RawPeer.open(one.port);
    await peer.send(0x1, "hello");
    expect(String((await peer.frame()).payload)).toBe("hello");
    expect(one.connections).toBe(1);
    // Nobody closes the peer: the test need not tidy up.
  }
  await expect(fetch(url)).rejects.toThrow();
});

test("a live server keeps what applications throw", async () => {
  const heard: unknown[] = [];
  await using server = await liveServer({
    websocket: Echo,
    onError: (error) => heard.push(error),
  });
  const peer = await RawPeer.open(server.port);
  await peer.send(0x1, "throw");
  await peer.frame();
  peer.finish();
  expect(server.errors).toMatchObject([
    { error: { message: "as told" }, phase: "receive", consumer: "Echo" },
  ]);
  expect(heard).toHaveLength(1);
});
