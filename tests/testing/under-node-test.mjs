// The kit with the test runner of Node, on the built package: see node-test.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { serve, silentLogger, WebSocketConsumer } from "sluice";
import { communicator, FakeClock, RawPeer } from "sluice/testing";

class Echo extends WebSocketConsumer {
  receive(text) {
    if (text === "throw") throw new Error("as told");
    this.send(text);
  }
}

test("a communicator drives a consumer", async () => {
  const client = communicator(Echo);
  assert.equal((await client.connect()).accepted, true);
  client.send("hello");
  assert.equal(await client.receive(), "hello");
  client.send("throw");
  await assert.rejects(client.receive(), /as told/);
  await client.disconnect();
});

test("a fake clock moves its deadlines", async () => {
  const clock = new FakeClock();
  const client = communicator(() => new Promise(() => {}), { clock });
  const answer = client.connect();
  clock.advance(10_000);
  assert.equal((await answer).status, 503);
});

test("a raw peer talks to a server", async () => {
  const server = await serve({ websocket: Echo, port: 0, log: silentLogger });
  const peer = await RawPeer.open(server.port);
  await peer.send(0x1, "hello");
  assert.equal(String((await peer.frame()).payload), "hello");
  peer.finish();
  await server.close();
});
