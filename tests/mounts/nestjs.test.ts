import { beforeAll, describe, expect, test } from "vitest";
import type { Client } from "../tutorial/client.ts";
import { Mount } from "./mount.ts";

describe("the example nestjs", () => {
  let alone: Mount;
  let shared: Mount;

  beforeAll(async () => {
    [alone, shared] = await Promise.all([
      Mount.start("nestjs"),
      Mount.start("nestjs", { neighbour: true }),
    ]);
  });

  test("answers HTTP and a gateway on one port", async () => {
    expect(await (await alone.get("/")).text()).toBe("Hello from NestJS\n");

    const [one, two] = [await alone.open("/chat/"), await alone.open("/chat/")];
    say(one, "say", "anybody here?");
    expect(await heard(one)).toEqual({ event: "said", data: "anybody here?" });
    expect(await heard(two)).toEqual({ event: "said", data: "anybody here?" });
  });

  test("gives what a gateway's method returns to the one who asked", async () => {
    const [one, two] = [await alone.open("/chat/"), await alone.open("/chat/")];
    say(one, "echo", { only: "me" });
    say(one, "say", "all");

    expect(await heard(one)).toEqual({ event: "echo", data: { only: "me" } });
    expect(await heard(two)).toEqual({ event: "said", data: "all" });
  });

  test("sends what a stream brings, and listens meanwhile", async () => {
    const client = await alone.open("/chat/");
    say(client, "ticks", undefined);
    expect(await heard(client)).toEqual({ event: "tick", data: 0 });
    expect(await heard(client)).toEqual({ event: "tick", data: 1 });
    say(client, "echo", "enough");
    let answer: unknown;
    do answer = await heard(client);
    while ((answer as { event: string }).event === "tick");

    expect(answer).toEqual({ event: "echo", data: "enough" });
  });

  test("tells a client what Nest's filter makes of an exception, and goes on", async () => {
    const client = await alone.open("/chat/");
    say(client, "say", "");
    say(client, "echo", "still here");

    expect(await heard(client)).toEqual({
      event: "exception",
      data: expect.objectContaining({ status: "error", message: "say something" }),
    });
    expect(await heard(client)).toEqual({ event: "echo", data: "still here" });
  });

  test("passes over an event that no gateway has", async () => {
    const client = await alone.open("/chat/");
    say(client, "dance", 1);
    say(client, "echo", 2);

    expect(await heard(client)).toEqual({ event: "echo", data: 2 });
  });

  test.each(["no JSON", "null", "[]", '"say"', '{"data":1}'])(
    "closes %s with 1007",
    async (text) => {
      const client = await alone.open("/chat/");
      const closed = client.closed();
      client.send(text);

      expect(await closed).toBe(1007);
    },
  );

  test("has a 404 for the pages and for the sockets that it does not have", async () => {
    expect((await alone.get("/nowhere")).status).toBe(404);
    expect(await alone.refused("/nowhere")).toBe(404);
  });

  test("leaves the sockets of a neighbour on the same server alone", async () => {
    const neighbours = await shared.open("/neighbour/");
    neighbours.send("to me alone");

    expect(await neighbours.texts(1)).toEqual(["to me alone"]);
  });

  test("SIGTERM closes the clients with 1012 and ends the process with 0", async () => {
    const client = await alone.open("/chat/");
    const closed = client.closed();

    const ended = alone.terminate();

    expect(await closed).toBe(1012);
    expect(await ended).toEqual({ code: 0, errors: [] });
  });
});

function say(client: Client, event: string, data: unknown): void {
  client.send(JSON.stringify({ event, data }));
}

async function heard(client: Client): Promise<unknown> {
  const [text = ""] = await client.texts(1);
  return JSON.parse(text);
}
