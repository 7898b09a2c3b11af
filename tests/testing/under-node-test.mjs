// The kit with the test runner of Node, on the built package: see node-test.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryLayer, serve, silentLogger, streams, WebSocketConsumer } from "sluice";
import {
  chaosLayer,
  communicator,
  FakeClock,
  liveServer,
  RawPeer,
  recorder,
  workerCommunicator,
} from "sluice/testing";

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

test("a live server ends with the test", async () => {
  const server = await liveServer({ websocket: Echo });
  const peer = await RawPeer.open(server.port);
  await peer.send(0x1, "throw");
  await peer.frame();
  peer.finish();
  assert.match(String(server.errors[0].error), /as told/);
  await server[Symbol.asyncDispose]();
});

test("a recorder knows groups, and a stream is a client of its own", async () => {
  class Member extends WebSocketConsumer {
    static groups = ["lobby"];
    "chat.message"({ text }) {
      this.send(JSON.stringify(text));
    }
  }
  const layer = recorder(chaosLayer(memoryLayer(), { seed: 1 }));
  const client = communicator(streams({ chat: Member }), { layer });
  await client.connect();
  assert.equal(layer.members("lobby").length, 1);
  await layer.groupSend("lobby", { type: "chat.message", text: "hello" });
  assert.equal(await client.stream("chat").receive(), "hello");
  assert.deepEqual(layer.sentTo("lobby"), [{ type: "chat.message", text: "hello" }]);
  await client.disconnect();
});

test("a worker is driven without a process", async () => {
  const jobs = workerCommunicator({ "shop.make": async ({ id }) => assert.equal(id, 7) });
  await jobs.send({ type: "shop.make", id: 7 });
  assert.equal((await jobs.handled()).id, 7);
  await jobs.stop();
});
