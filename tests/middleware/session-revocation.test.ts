import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  attach,
  type ChannelLayer,
  CloseCode,
  cookies,
  memoryLayer,
  revokeSession,
  type SessionsOptions,
  sessions,
  stack,
  WebSocketConsumer,
} from "sluice";
import { type Communicator, communicator, FakeClock, RawPeer } from "sluice/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { revocationGroup } from "../../src/middleware/revocation.ts";
import { expressCookie, secret, settle } from "./browser.ts";
import { PlainStore } from "./plain-store.ts";

const revoked = { code: CloseCode.sessionRevoked, reason: "session ended" };

let store: PlainStore;
let clock: FakeClock;
beforeEach(() => {
  store = new PlainStore();
  clock = new FakeClock();
  store.put("id1", { username: "ada" });
  store.put("id2", { username: "bob" });
});

/** A process: its own object of one backend, its own `sessions()`. */
class Process {
  readonly store = new PlainStore();
  readonly layer: ChannelLayer;
  readonly #application;

  constructor(backend: PlainStore, layer: ChannelLayer, options: Partial<SessionsOptions> = {}) {
    Object.defineProperty(this.store, "sessions", { value: backend.sessions });
    this.layer = layer;
    const given = { store: this.store, secret, clock, ...options };
    this.#application = stack(cookies(), sessions<object>(given), ({ session }) => ({
      open: () => session.load(),
    }));
  }

  async connect(id: string): Promise<Communicator> {
    const headers = { cookie: expressCookie(id) };
    const client = communicator(this.#application, { headers, layer: this.layer });
    expect(await client.connect()).toMatchObject({ accepted: true });
    return client;
  }

  /** What a logout over HTTP does. */
  logout(id: string): Promise<void> {
    return new Promise((resolve) => void this.store.destroy(id, () => resolve()));
  }
}

describe("a session that is destroyed over HTTP", () => {
  it("closes its connections in this process before the response goes out, and no others", async () => {
    const here = new Process(store, memoryLayer());
    const tabs = [await here.connect("id1"), await here.connect("id1")];
    const other = await here.connect("id2");
    await here.logout("id1");
    for (const tab of tabs) expect(await tab.closed(0)).toEqual(revoked);
    expect(await other.receiveNothing(0)).toBe(true);
    await other.disconnect();
    expect(clock.timers).toBe(0);
  });

  it("closes them elsewhere, through the layer", async () => {
    const layer = memoryLayer();
    const [here, there] = [new Process(store, layer), new Process(store, layer)];
    const far = await there.connect("id1");
    const other = await there.connect("id2");
    const near = await here.connect("id2");
    await here.logout("id1");
    expect(await far.closed()).toEqual(revoked);
    for (const client of [other, near]) await client.disconnect();
  });

  it("closes them elsewhere from a process that nobody is connected to", async () => {
    const layer = memoryLayer();
    const [here, there] = [new Process(store, layer, { layer }), new Process(store, layer)];
    const far = await there.connect("id1");
    await here.logout("id1");
    expect(await far.closed()).toEqual(revoked);
  });

  it("closes them when any process says so", async () => {
    const here = new Process(store, memoryLayer());
    const client = await here.connect("id1");
    await revokeSession(here.layer, "id2");
    expect(await client.receiveNothing(0)).toBe(true);
    await revokeSession(here.layer, "id1");
    expect(await client.closed()).toEqual(revoked);
  });

  it("closes them where the server has no layer", async () => {
    const application = stack(cookies(), sessions({ store, secret, clock }), () => ({}));
    const server = createServer();
    const attached = attach(server, { websocket: application });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const peer = await RawPeer.open(port, "/", { cookie: expressCookie("id1") });
    await new Promise<void>((resolve) => void store.destroy("id1", () => resolve()));
    expect((await peer.frame()).payload.readUInt16BE(0)).toBe(4510);
    peer.finish();
    await attached.close();
    server.close();
  });

  it("does not wait for a handler that is busy, nor for one that is never done", async () => {
    let entered = false;
    const stuck = stack(cookies(), sessions({ store, secret, clock }), () => ({
      text() {
        entered = true;
        return new Promise(() => {});
      },
    }));
    const layer = memoryLayer();
    const client = communicator(stuck, { headers: { cookie: expressCookie("id1") }, layer });
    await client.connect();
    client.send("work");
    expect(entered).toBe(true);
    await revokeSession(layer, "id1");
    expect(await client.closed()).toEqual(revoked);
  });

  it("refuses a connection that is just being opened", async () => {
    let open = (): void => {};
    const opening = new Promise<void>((resolve) => {
      open = resolve;
    });
    const slow = stack(cookies(), sessions({ store, secret, clock }), () => ({
      open: () => opening,
    }));
    const client = communicator(slow, { headers: { cookie: expressCookie("id1") } });
    const answer = client.connect();
    await settle();
    store.destroy("id1", () => {});
    open();
    expect(await answer).toMatchObject({ accepted: false, status: 401 });
  });

  it("is not announced when the store failed to destroy it", async () => {
    const here = new Process(store, memoryLayer());
    const client = await here.connect("id1");
    here.store.fault = (callback) => callback(new Error("down"));
    await here.logout("id1");
    expect(await client.receiveNothing()).toBe(true);
    await client.disconnect();
  });
});

describe("the users' own events", () => {
  it("are not mixed up with ours: the consumer hears of nothing", async () => {
    const heard: unknown[] = [];
    class Chat extends WebSocketConsumer {
      override connect() {
        return this.join("room");
      }
      "chat.message"(event: unknown) {
        heard.push(event);
      }
    }
    const layer = memoryLayer();
    const application = stack(cookies(), sessions({ store, secret, clock }), Chat);
    const client = communicator(application, {
      headers: { cookie: expressCookie("id1") },
      layer,
    });
    await client.connect();
    await layer.groupSend("room", { type: "chat.message" });
    await revokeSession(layer, "id1");
    await client.closed();
    expect(heard).toEqual([{ type: "chat.message" }]);
    expect(client.errors).toEqual([]);
  });

  it("cannot be ours: a client that has its words sent on revokes nobody", async () => {
    const here = new Process(store, memoryLayer());
    const client = await here.connect("id1");
    const group = revocationGroup("session", "id1");
    const forged = JSON.parse('{"type":"sluice.session.revoke","code":4510,"reason":""}');
    await expect(here.layer.groupSend(group, forged)).rejects.toMatchObject({
      code: "ERR_EVENT_TYPE",
    });
    await here.layer.groupSend(group, { type: "other.event", code: 4510, reason: "" });
    expect(await client.receiveNothing()).toBe(true);
    await client.disconnect();
  });
});

describe("the name of the group", () => {
  it("does not tell the session's id", () => {
    expect(revocationGroup("session", "id1")).toMatch(/^sluice\.session\.[\w-]{43}$/);
    expect(revocationGroup("session", "id1")).not.toContain("id1");
    expect(revocationGroup("user", "id1").slice(-43)).not.toBe(
      revocationGroup("session", "id1").slice(-43),
    );
  });
});

describe("a revocation whose message was lost", () => {
  it("is found by the next check, which reads once for all connections of a session", async () => {
    const here = new Process(store, memoryLayer());
    const tabs = [await here.connect("id1"), await here.connect("id1")];
    const other = await here.connect("id2");
    here.store.calls.length = 0;
    store.sessions.delete("id1");
    clock.advance(59_999);
    await settle();
    expect(here.store.calls).toEqual([]);
    clock.advance(1);
    await settle();
    expect(here.store.calls).toEqual(["get", "get"]);
    for (const tab of tabs) expect(await tab.closed()).toEqual(revoked);
    expect(await other.receiveNothing(0)).toBe(true);
    await other.disconnect();
    expect(clock.timers).toBe(0);
  });

  it("is not one while the store is down: nobody is closed, and it is told", async () => {
    const errors: unknown[] = [];
    const listen = (message: unknown) => errors.push(message);
    subscribe("sluice:revocation.error", listen);
    const here = new Process(store, memoryLayer());
    const client = await here.connect("id1");
    here.store.fault = (callback) => callback(new Error("down"));
    clock.advance(60_000);
    await settle();
    unsubscribe("sluice:revocation.error", listen);
    expect(errors).toMatchObject([{ of: "session", phase: "recheck" }]);
    here.store.fault = undefined;
    store.sessions.delete("id1");
    clock.advance(60_000);
    expect(await client.closed()).toEqual(revoked);
  });

  it("is not looked for where nobody wants it", async () => {
    const recheckInterval = Number.POSITIVE_INFINITY;
    const here = new Process(store, memoryLayer(), { recheckInterval });
    const client = await here.connect("id1");
    expect(clock.timers).toBe(0);
    await client.disconnect();
  });

  it("is not one if the session never was: an anonymous client stays", async () => {
    const here = new Process(store, memoryLayer());
    const client = await here.connect("gone");
    clock.advance(60_000);
    await settle();
    clock.advance(60_000);
    expect(await client.receiveNothing()).toBe(true);
    await client.disconnect();
  });
});

describe("a layer that fails", () => {
  it("is told, keeps nobody out, and leaves the rest to the check", async () => {
    const errors: unknown[] = [];
    const listen = (message: unknown) => errors.push(message);
    subscribe("sluice:revocation.error", listen);
    const layer = memoryLayer();
    await layer.close();
    const here = new Process(store, layer);
    const client = await here.connect("id1");
    expect(errors).toMatchObject([{ of: "session", phase: "join" }]);
    await here.logout("id1");
    expect(await client.closed()).toEqual(revoked);
    await settle();
    unsubscribe("sluice:revocation.error", listen);
    expect(errors).toMatchObject([{ phase: "join" }, { of: "session", phase: "send" }]);
  });
});
