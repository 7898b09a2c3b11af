import { beforeAll, describe, expect, test } from "vitest";
import { Mount } from "./mount.ts";

describe.each([
  ["node-http", "Hello from node:http"],
  ["express", "Hello from Express"],
  ["fastify", "Hello from Fastify"],
  ["koa", "Hello from Koa"],
  ["hono", "Hello from Hono"],
])("the example %s", (name, hello) => {
  let alone: Mount;
  let shared: Mount;

  beforeAll(async () => {
    [alone, shared] = await Promise.all([
      Mount.start(name),
      Mount.start(name, { neighbour: true }),
    ]);
  });

  test("answers HTTP and a chat on one port", async () => {
    const page = await alone.get("/");
    expect(page.status).toBe(200);
    expect(await page.text()).toBe(`${hello}\n`);

    const [one, two] = [await alone.open("/chat/"), await alone.open("/chat/")];
    one.send("anybody here?");
    expect(await one.texts(1)).toEqual(["anybody here?"]);
    expect(await two.texts(1)).toEqual(["anybody here?"]);
  });

  test("has a 404 for the pages and for the sockets that it does not have", async () => {
    expect((await alone.get("/nowhere")).status).toBe(404);
    expect(await alone.refused("/nowhere")).toBe(404);
    expect(await alone.refused("/")).toBe(404);
  });

  test("leaves the sockets of a neighbour on the same server alone", async () => {
    const neighbours = await shared.open("/neighbour/");
    const ours = await shared.open("/chat/");
    neighbours.send("to me alone");
    ours.send("to the room");

    expect(await neighbours.texts(1)).toEqual(["to me alone"]);
    expect(await ours.texts(1)).toEqual(["to the room"]);
    expect((await shared.get("/")).status).toBe(200);
  });

  test("SIGTERM closes the chat with 1012 and ends the process with 0", async () => {
    const client = await alone.open("/chat/");
    const closed = client.closed();

    const ended = alone.terminate();

    expect(await closed).toBe(1012);
    expect(await ended).toEqual({ code: 0, errors: [] });
  });
});
