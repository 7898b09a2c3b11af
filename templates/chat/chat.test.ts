import { equal } from "node:assert/strict";
import { test } from "node:test";
import { memoryLayer } from "sluice";
import { connected } from "sluice/testing";
import { chat } from "./chat.ts";

test("what one says, everybody hears", async () => {
  const layer = memoryLayer();
  const ann = await connected(chat, { path: "/chat/", layer });
  const bob = await connected(chat, { path: "/chat/", layer });
  ann.send("hello");
  equal(await ann.receive(), "hello");
  equal(await bob.receive(), "hello");
  await ann.disconnect();
  await bob.disconnect();
});
