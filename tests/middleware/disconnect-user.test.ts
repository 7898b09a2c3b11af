import {
  type AuthenticateOptions,
  authenticate,
  type ChannelLayer,
  disconnectUser,
  memoryLayer,
  stack,
} from "sluice";
import { type Communicator, communicator, FakeClock } from "sluice/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { settle } from "./browser.ts";

interface User {
  readonly id: number;
  /** How often this user had been locked out when the connection began. */
  readonly generation: number;
}

let clock: FakeClock;
let layer: ChannelLayer;
let generations: Map<number, number>;
beforeEach(() => {
  clock = new FakeClock();
  layer = memoryLayer();
  generations = new Map();
});

const generationOf = (id: number) => generations.get(id) ?? 0;

async function connect(
  id: number,
  options: Partial<AuthenticateOptions<User>> = {},
): Promise<Communicator> {
  const users = authenticate({
    verify: () => ({ id, generation: generationOf(id) }),
    id: (user: User) => user.id,
    clock,
    ...options,
  });
  const client = communicator(
    stack(users, () => ({})),
    { layer },
  );
  expect(await client.connect()).toMatchObject({ accepted: true });
  return client;
}

describe("disconnecting a user", () => {
  it("closes the user's connections in every process, and no others", async () => {
    // Each has a middleware of its own, as processes have.
    const [one, two, other] = [await connect(1), await connect(1), await connect(2)];
    await disconnectUser(layer, 1);
    for (const client of [one, two]) {
      expect(await client.closed()).toEqual({ code: 4510, reason: "disconnected" });
    }
    expect(await other.receiveNothing(0)).toBe(true);
    await other.disconnect();
    expect(clock.timers).toBe(0);
  });

  it("says why, and whether coming back makes sense", async () => {
    const client = await connect(1);
    await disconnectUser(layer, "1", { code: 4003, reason: "maintenance" });
    expect(await client.closed()).toEqual({ code: 4003, reason: "maintenance" });
  });

  it("is no more than a message to nobody where the user is not connected", async () => {
    await expect(disconnectUser(layer, "nobody")).resolves.toBeUndefined();
  });

  it.each([
    ["ERR_CLOSE_CODE", { code: 1000 }],
    ["ERR_CLOSE_CODE", { code: 4000.5 }],
    ["ERR_CLOSE_CODE", { code: 5000 }],
    ["ERR_CLOSE_REASON", { reason: "ä".repeat(62) }],
  ])("refuses what cannot be sent: %s", async (code, options) => {
    await expect(disconnectUser(layer, 1, options)).rejects.toMatchObject({ code });
  });
});

describe("a disconnection whose message was lost", () => {
  const options: Partial<AuthenticateOptions<User>> = {
    recheck: async ({ id, generation }) => generation === generationOf(id),
  };

  it("is made up for by the next check", async () => {
    const [one, other] = [await connect(1, options), await connect(2, options)];
    generations.set(1, 1);
    clock.advance(59_999);
    await settle();
    expect(await one.receiveNothing(0)).toBe(true);
    clock.advance(1);
    await settle();
    expect(await one.closed()).toEqual({ code: 4510, reason: "disconnected" });
    expect(await other.receiveNothing(0)).toBe(true);
    const back = await connect(1, options);
    clock.advance(60_000);
    expect(await back.receiveNothing()).toBe(true);
    await back.disconnect();
    await other.disconnect();
    expect(clock.timers).toBe(0);
  });

  it("is not assumed while nobody can tell", async () => {
    const client = await connect(1, { recheck: () => Promise.reject(new Error("down")) });
    clock.advance(60_000);
    expect(await client.receiveNothing()).toBe(true);
    await client.disconnect();
  });

  it("is looked for only where there is a check", async () => {
    const client = await connect(1);
    expect(clock.timers).toBe(0);
    await client.disconnect();
  });
});
