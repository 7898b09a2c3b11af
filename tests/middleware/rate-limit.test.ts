import { subscribe, unsubscribe } from "node:diagnostics_channel";
import {
  authenticate,
  type Middleware,
  type RateLimitOptions,
  rateLimit,
  type Scope,
  stack,
  WebSocketConsumer,
} from "sluice";
import { type Communicator, communicator, FakeClock } from "sluice/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Allowances } from "../../src/middleware/allowances.ts";
import { networkOf } from "../../src/middleware/network.ts";

class Echo extends WebSocketConsumer {
  override receive(text: string): void {
    this.send(text);
  }
  override receiveBytes(bytes: Uint8Array): void {
    this.send(bytes);
  }
}

let clock: FakeClock;
const told: string[] = [];
const onExceed = (message: unknown) => {
  const { size, action } = message as { size: number; action: string };
  told.push(`${action} ${size}`);
};
const onDrop = (message: unknown) => {
  const { size, why } = message as { size: number; why: string };
  told.push(`dropped ${size} ${why}`);
};
beforeEach(() => {
  clock = new FakeClock();
  told.length = 0;
  subscribe("sluice:rate.exceed", onExceed);
  subscribe("sluice:message.drop", onDrop);
});
afterEach(() => {
  unsubscribe("sluice:rate.exceed", onExceed);
  unsubscribe("sluice:message.drop", onDrop);
});

async function connect(
  limit: Middleware | RateLimitOptions,
  address = "192.0.2.1",
): Promise<Communicator> {
  const middleware =
    typeof limit === "function" ? limit : rateLimit({ clock, ...limit } as { messages: number });
  const scope = { client: { address, port: 1 } };
  const client = communicator(stack(middleware, Echo), { scope });
  await client.connect();
  return client;
}

/** How many of so many messages come back. */
async function echoed(client: Communicator, messages: number): Promise<number> {
  for (let index = 0; index < messages; index++) client.send("x");
  let count = 0;
  while (!(await client.receiveNothing(0))) {
    await client.receive();
    count++;
  }
  return count;
}

describe("a limit of messages", () => {
  it("lets a burst through, and then as many as the time allows", async () => {
    const client = await connect({ messages: 10, onLimit: "drop" });
    expect(await echoed(client, 15)).toBe(10);
    clock.advance(250);
    expect(await echoed(client, 15)).toBe(2);
    clock.advance(250);
    expect(await echoed(client, 15)).toBe(3);
    clock.advance(60_000);
    expect(await echoed(client, 15)).toBe(10);
    await client.disconnect();
  });

  it("has a window of its own length", async () => {
    const client = await connect({ messages: 2, window: 60_000, onLimit: "drop" });
    expect(await echoed(client, 5)).toBe(2);
    clock.advance(29_999);
    expect(await echoed(client, 5)).toBe(0);
    clock.advance(1);
    expect(await echoed(client, 5)).toBe(1);
    await client.disconnect();
  });

  it("counts text and bytes alike", async () => {
    const client = await connect({ messages: 2, onLimit: "drop" });
    client.send("a");
    client.send(new Uint8Array(1));
    client.send(new Uint8Array(3));
    expect(await client.receive()).toBe("a");
    expect(await client.receive()).toEqual(new Uint8Array(1));
    expect(await client.receiveNothing(0)).toBe(true);
    await client.disconnect();
  });
});

describe("a limit of bytes", () => {
  it("counts bytes of UTF-8, and lets the message through that crosses it", async () => {
    const client = await connect({ bytes: 10, onLimit: "drop" });
    client.send("ääää");
    client.send("12345678");
    client.send("9");
    expect(await client.receive()).toBe("ääää");
    expect(await client.receive()).toBe("12345678");
    expect(await client.receiveNothing(0)).toBe(true);
    expect(told).toEqual(["drop 1", "dropped 1 limit"]);
    // The debt of 6 is paid first.
    clock.advance(600);
    expect(await echoed(client, 1)).toBe(0);
    clock.advance(1);
    expect(await echoed(client, 1)).toBe(1);
    await client.disconnect();
  });
});

describe("a message over the limit", () => {
  it("closes the connection with 4029, and is told", async () => {
    const client = await connect({ messages: 1 });
    client.send("a");
    client.send("bc");
    client.send("d");
    expect(await client.receive()).toBe("a");
    expect(await client.closed()).toEqual({ code: 4029, reason: "too many messages" });
    expect(told).toEqual(["close 2"]);
  });

  it("is dropped, and counted as a drop", async () => {
    const client = await connect({ messages: 1, onLimit: "drop" });
    client.send("a");
    client.send("bc");
    expect(told).toEqual(["drop 2", "dropped 2 limit"]);
    await client.disconnect();
  });

  it("is only told", async () => {
    const client = await connect({ messages: 1, onLimit: "warn" });
    expect(await echoed(client, 3)).toBe(3);
    expect(told).toEqual(["warn 1", "warn 1"]);
    await client.disconnect();
  });

  it("is a line in the log, one for each connection", async () => {
    const lines: object[] = [];
    const log = { warn: (fields: object, message: string) => lines.push({ ...fields, message }) };
    const client = await connect({ messages: 1, onLimit: "warn", log });
    await echoed(client, 5);
    expect(lines).toEqual([
      { path: "/", address: "192.0.2.1", action: "warn", message: "rate limit exceeded" },
    ]);
    await client.disconnect();
  });
});

describe("a limit that is shared", () => {
  it("by connection is not shared", async () => {
    const limit = rateLimit({ messages: 2, onLimit: "drop", clock });
    const [one, two] = [await connect(limit), await connect(limit)];
    expect(await echoed(one, 5)).toBe(2);
    expect(await echoed(two, 5)).toBe(2);
    for (const client of [one, two]) await client.disconnect();
  });

  it("by address is shared by an address, or by a network of IPv6", async () => {
    const limit = rateLimit({ messages: 2, by: "address", onLimit: "drop", clock });
    const one = await connect(limit, "192.0.2.1");
    const two = await connect(limit, "192.0.2.1");
    const other = await connect(limit, "192.0.2.2");
    expect(await echoed(one, 5)).toBe(2);
    expect(await echoed(two, 5)).toBe(0);
    expect(await echoed(other, 5)).toBe(2);
    const six = await connect(limit, "2001:db8::1");
    const seven = await connect(limit, "2001:db8::ffff:7");
    expect(await echoed(six, 5)).toBe(2);
    expect(await echoed(seven, 5)).toBe(0);
    for (const client of [one, two, other, six, seven]) await client.disconnect();
  });

  it("by user is shared by a user", async () => {
    const limit = rateLimit({ messages: 2, by: "user", onLimit: "drop", clock });
    const users = authenticate({
      verify: ({ token = "" }) => ({ id: token }),
    });
    const of = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      const client = communicator(stack(users, limit, Echo), { headers });
      await client.connect();
      return client;
    };
    const [one, two, other] = [await of("ada"), await of("ada"), await of("bob")];
    expect(await echoed(one, 5)).toBe(2);
    expect(await echoed(two, 5)).toBe(0);
    expect(await echoed(other, 5)).toBe(2);
    for (const client of [one, two, other]) await client.disconnect();
  });

  it("by a key of yours is shared by that", async () => {
    const by = (scope: Scope) => scope.path;
    const limit = rateLimit({ messages: 2, by, onLimit: "drop", clock });
    const [one, two] = [await connect(limit, "192.0.2.1"), await connect(limit, "192.0.2.2")];
    expect(await echoed(one, 5)).toBe(2);
    expect(await echoed(two, 5)).toBe(0);
    for (const client of [one, two]) await client.disconnect();
  });

  it("cannot be had anew by coming back", async () => {
    const limit = rateLimit({ messages: 2, by: "address", onLimit: "drop", clock });
    const one = await connect(limit);
    expect(await echoed(one, 5)).toBe(2);
    await one.disconnect();
    const again = await connect(limit);
    expect(await echoed(again, 5)).toBe(0);
    await again.disconnect();
  });
});

describe("shared allowances", () => {
  const quota = { messages: 2, window: 1000 };

  it("are forgotten when nobody holds them and they are full", () => {
    const shared = new Allowances(quota, clock, 100);
    const fresh = shared.hold("fresh");
    const used = shared.hold("used");
    used.take(1);
    shared.release("fresh", fresh);
    shared.release("used", used);
    expect(shared.size).toBe(1);
    clock.advance(1000);
    shared.release("other", shared.hold("other"));
    expect(shared.size).toBe(0);
  });

  it("are bounded in number: the longest unused goes", () => {
    const shared = new Allowances(quota, clock, 3);
    const held = ["a", "b", "c", "a", "d"].map((key) => ({ key, allowance: shared.hold(key) }));
    expect(shared.size).toBe(3);
    expect(shared.hold("a")).toBe(held[0]?.allowance);
    const again = shared.hold("b");
    expect(again).not.toBe(held[1]?.allowance);
    // Whoever still holds the forgotten one takes nothing away from the new one.
    shared.release("b", held[1]!.allowance);
    expect(shared.hold("b")).toBe(again);
  });

  it("stay bounded under a flood of addresses", () => {
    const shared = new Allowances(quota, clock, 1000);
    for (let index = 0; index < 100_000; index++) {
      const allowance = shared.hold(`address ${index}`);
      allowance.take(1);
      shared.release(`address ${index}`, allowance);
    }
    expect(shared.size).toBe(1000);
  });
});

describe("the network of an address", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002:0:0:0:9", "2001:db8:1:2::/64"],
    ["2001:db8::9", "2001:db8:0:0::/64"],
    ["2001:db8:0:0::9", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["", ""],
  ])("of %s is %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe("options that cannot be used", () => {
  it.each<[string, object]>([
    ["messages", { messages: undefined }],
    ["messages", { messages: 0 }],
    ["messages", { messages: 0.5 }],
    ["bytes", { bytes: -1 }],
    ["window", { window: 0 }],
    ["by", { by: "country" }],
    ["onLimit", { onLimit: "ignore" }],
    ["maxKeys", { maxKeys: 0 }],
    ["limit", { limit: 1 }],
  ])("are told when the middleware is made: %s", (name, options) => {
    const make = () => rateLimit({ messages: 1, ...options } as { messages: number });
    expect(make).toThrow(expect.objectContaining({ code: "ERR_INVALID_OPTION" }));
    expect(make).toThrow(name);
  });
});
