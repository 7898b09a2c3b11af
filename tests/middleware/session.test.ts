import {
  cookies,
  type Scope,
  type Session,
  type SessionScope,
  type SessionsOptions,
  sessions,
  stack,
} from "sluice";
import { type Communicator, communicator, FakeClock } from "sluice/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { expressCookie, secret, settle } from "./browser.ts";
import { PlainStore } from "./plain-store.ts";

interface Login {
  username: string;
  visits: number;
}

let store: PlainStore;
let clock: FakeClock;
beforeEach(() => {
  store = new PlainStore();
  clock = new FakeClock();
  store.put("id1", { username: "ada", visits: 1 });
});

/** A connection behind `sessions()`, and its session. */
async function connect(
  cookie: string = expressCookie("id1"),
  options: Partial<SessionsOptions> = {},
): Promise<{ client: Communicator; session: Session<Login>; accepted: boolean; status?: number }> {
  let scope: (Scope & SessionScope<Login>) | undefined;
  const application = stack(
    cookies(),
    sessions<Login>({ store, secret, clock, ...options }),
    (given) => {
      scope = given;
      return {};
    },
  );
  const client = communicator(application, { headers: { cookie } });
  const answer = await client.connect();
  const { accepted } = answer;
  return { client, session: scope?.session as Session<Login>, ...answer, accepted };
}

describe("a session", () => {
  it("is read when it is asked for, once", async () => {
    const { session, client } = await connect();
    expect(store.calls).toEqual([]);
    expect(session.id).toBe("id1");
    expect(() => session.data).toThrow(expect.objectContaining({ code: "ERR_SESSION_NOT_LOADED" }));
    const [{ username }, same] = await Promise.all([session.load(), session.load()]);
    expect(username).toBe("ada");
    expect(await session.load()).toBe(same);
    expect(session.data).toBe(same);
    expect(session.exists).toBe(true);
    expect(store.calls).toEqual(["get"]);
    await client.disconnect();
    expect(clock.timers).toBe(0);
  });

  it("is there from the beginning where it is required", async () => {
    const { session, client } = await connect(undefined, { required: true });
    expect(session.data.username).toBe("ada");
    await client.disconnect();
  });

  it("is empty for a client without one", async () => {
    const { session, client } = await connect("");
    expect(session.id).toBeUndefined();
    expect(await session.load()).toEqual({});
    expect(session.exists).toBe(false);
    await session.touch();
    await session.destroy();
    expect(store.calls).toEqual([]);
    await client.disconnect();
  });

  it("keeps its cookie to itself, and has no names of JavaScript's", async () => {
    store.sessions.set("id1", '{"cookie":{},"__proto__":{"admin":true},"username":"ada"}');
    const { session, client } = await connect();
    const data = (await session.load()) as Record<string, unknown>;
    expect(Object.keys(data)).toEqual(["__proto__", "username"]);
    expect(data.admin).toBeUndefined();
    expect(data.toString).toBeUndefined();
    await client.disconnect();
  });

  it("does not show its id to a log", async () => {
    const { session, client } = await connect();
    expect(JSON.stringify(session)).toBe("{}");
    await client.disconnect();
  });

  it("is written when it is saved, and never by itself", async () => {
    const { session, client } = await connect();
    const data = await session.load();
    data.visits = 2;
    await client.disconnect();
    expect(store.read("id1")).toMatchObject({ visits: 1 });
    const other = await connect();
    (await other.session.load()).visits = 3;
    await other.session.save();
    expect(store.read("id1")).toMatchObject({ username: "ada", visits: 3, cookie: { path: "/" } });
    await other.client.disconnect();
  });

  it("must be loaded before it can be saved", async () => {
    const { session, client } = await connect();
    await expect(session.save()).rejects.toMatchObject({ code: "ERR_SESSION_NOT_LOADED" });
    await client.disconnect();
  });

  it("is read again on demand; what was not saved is forgotten", async () => {
    const { session, client } = await connect();
    (await session.load()).visits = 7;
    store.put("id1", { username: "ada", visits: 8 });
    expect((await session.reload()).visits).toBe(8);
    await client.disconnect();
  });

  it("lives on when it is touched, with the data that is stored", async () => {
    const expires = new Date(Date.now() + 1000).toISOString();
    store.put("id1", { username: "ada" }, { originalMaxAge: 60_000, expires });
    const { session, client } = await connect();
    (await session.load()).username = "bob";
    await session.touch();
    const stored = store.read("id1") as { username: string; cookie: { expires: string } };
    expect(stored.username).toBe("ada");
    expect(Date.parse(stored.cookie.expires) - Date.now()).toBeGreaterThan(50_000);
    await client.disconnect();
  });

  it("lives on by a write where the store cannot touch", async () => {
    (store as { touch?: unknown }).touch = undefined;
    store.put("id1", { username: "ada" }, { originalMaxAge: 60_000 });
    const { session, client } = await connect();
    await session.touch();
    expect(store.calls).toEqual(["get", "set"]);
    expect(store.read("id1")).toHaveProperty("cookie.expires");
    await client.disconnect();
  });
});

describe("a client without a session", () => {
  it("gets one by saving, and its cookie for the response", async () => {
    const { session, client } = await connect("");
    (await session.load()).username = "eve";
    await session.save();
    expect(store.read(session.id!)).toMatchObject({ username: "eve", cookie: { httpOnly: true } });
    const [pair = "", ...attributes] = session.setCookie().split("; ");
    expect(attributes).toEqual(["Path=/", "HttpOnly", "SameSite=Lax"]);
    const other = await connect(pair);
    expect((await other.session.load()).username).toBe("eve");
    await client.disconnect();
    await other.client.disconnect();
  });

  it("does not choose its id: one that the store does not know is not taken", async () => {
    const { session, client } = await connect(expressCookie("mine"));
    (await session.load()).username = "eve";
    await session.save();
    expect(session.id).not.toBe("mine");
    expect([...store.sessions.keys()]).toEqual(["id1", session.id]);
    await session.save();
    expect(store.sessions.size).toBe(2);
    await client.disconnect();
  });

  it("has no cookie to set before that", async () => {
    const { session, client } = await connect("");
    expect(() => session.setCookie()).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_NOT_LOADED" }),
    );
    await client.disconnect();
  });

  it("gets a cookie as it was configured", async () => {
    const options = {
      name: "sessionId",
      prefix: "",
      cookie: { originalMaxAge: 60_000, secure: true, sameSite: "strict", domain: "a.example" },
      secret: ["new", secret],
    } as const;
    const { session, client } = await connect("", options);
    await session.load();
    await session.save();
    const header = session.setCookie();
    expect(header).toMatch(/^sessionId=[\w-]{43}\.[\w%]+; /);
    expect(header).toContain("; Domain=a.example; Path=/; Expires=");
    expect(header).toContain("; HttpOnly; Secure; SameSite=Strict");
    const other = await connect(header.split(";", 1)[0], { name: "sessionId", secret: "new" });
    await other.session.load();
    expect(other.session.exists).toBe(true);
    await client.disconnect();
    await other.client.disconnect();
  });
});

describe("regeneration", () => {
  it("destroys the session and goes on with an empty one under a new id", async () => {
    const { session, client } = await connect();
    await session.load();
    await session.regenerate();
    expect(session.data).toEqual({});
    expect(store.sessions.size).toBe(0);
    expect(session.exists).toBe(false);
    const { id } = session;
    expect(id).not.toBe("id1");
    session.data.username = "ada";
    await session.save();
    expect(session.id).toBe(id);
    expect([...store.sessions.keys()]).toEqual([id]);
    expect(session.setCookie()).toContain(id);
    await client.disconnect();
  });

  it("closes the connections that stay behind, and not its own", async () => {
    const [one, two] = [await connect(), await connect()];
    await one.session.load();
    const shared = { session: one.session };
    await shared.session.regenerate();
    // Two middleware, as in two processes without a layer between them: the store object tells both.
    expect(await two.client.closed()).toEqual({ code: 4510, reason: "session ended" });
    await one.session.save();
    await one.client.disconnect(1000);
    expect(await one.client.closed()).toMatchObject({ code: 1000 });
  });
});

describe("a session that was destroyed", () => {
  it("closes its own connection with 4510", async () => {
    const { session, client } = await connect();
    await session.load();
    await session.destroy();
    expect(await client.closed()).toEqual({ code: 4510, reason: "session ended" });
    expect(store.sessions.size).toBe(0);
    expect(session.exists).toBe(false);
  });

  it("does not come back to life by saving, touching or regenerating", async () => {
    const { session } = await connect();
    (await session.load()).visits = 9;
    store.sessions.delete("id1");
    await expect(session.save()).rejects.toMatchObject({ code: "ERR_SESSION_ENDED" });
    await expect(session.touch()).rejects.toMatchObject({ code: "ERR_SESSION_ENDED" });
    await expect(session.regenerate()).rejects.toMatchObject({ code: "ERR_SESSION_ENDED" });
    expect(store.sessions.size).toBe(0);
  });

  it("is noticed by reloading, which closes the connection", async () => {
    const { session, client } = await connect();
    await session.load();
    store.sessions.delete("id1");
    expect(await session.reload()).toEqual({});
    expect(await client.closed()).toMatchObject({ code: 4510 });
  });
});

describe("a store that is out of order", () => {
  const faults: [string, (callback: (error: unknown, session?: never) => void) => unknown][] = [
    ["reports an error", (callback) => callback(new Error("down"))],
    ["reports something else", (callback) => callback("down")],
    [
      "throws",
      () => {
        throw new Error("down");
      },
    ],
    ["rejects", () => Promise.reject(new Error("down"))],
    ["gives a text", (callback) => callback(null, "session" as never)],
    ["gives a number", (callback) => callback(null, 7 as never)],
    ["gives a list", (callback) => callback(null, [] as never)],
    ["gives a function in it", (callback) => callback(null, { a() {} } as never)],
  ];

  it.each(faults)(
    "%s: 503 where a session is required, and the error is told",
    async (_w, fault) => {
      store.fault = fault;
      const { client, ...answer } = await connect(undefined, { required: true });
      expect(answer).toMatchObject({
        accepted: false,
        status: 503,
        headers: { "retry-after": "1" },
      });
      await settle();
      expect(client.errors).toMatchObject([{ error: { code: "ERR_SESSION_STORE" } }]);
      expect(clock.timers).toBe(0);
    },
  );

  it.each(faults)(
    "%s: a typed error where it is not, and the next try may do",
    async (_w, fault) => {
      const { session, client } = await connect();
      store.fault = fault;
      await expect(session.load()).rejects.toMatchObject({
        name: "SessionError",
        code: "ERR_SESSION_STORE",
      });
      store.fault = undefined;
      expect((await session.load()).username).toBe("ada");
      await client.disconnect();
      expect(client.errors).toEqual([]);
    },
  );

  it("does not answer: the deadline does", async () => {
    const { session, client } = await connect();
    store.fault = () => {};
    const loading = session.load();
    clock.advance(5_000);
    await expect(loading).rejects.toThrow("the session store's get took more than 5000 ms");
    await client.disconnect();
  });

  it("answers twice, or late: that is ignored", async () => {
    const late: (() => void)[] = [];
    const { session, client } = await connect();
    store.fault = (callback) => late.push(() => callback(null, { username: "eve" }));
    const loading = session.load();
    clock.advance(5_000);
    await expect(loading).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
    for (const answer of [...late, ...late]) answer();
    store.fault = undefined;
    expect((await session.load()).username).toBe("ada");
    await client.disconnect();
  });

  it.each([null, undefined, false, "", 0])("gives %s: there is no session", async (nothing) => {
    store.fault = (callback) => callback(null, nothing as never);
    const { session, client } = await connect();
    expect(await session.load()).toEqual({});
    await client.disconnect();
  });

  it("says ENOENT: there is no session", async () => {
    store.fault = (callback) => callback(Object.assign(new Error("none"), { code: "ENOENT" }));
    const { session, client } = await connect();
    expect(await session.load()).toEqual({});
    await client.disconnect();
  });
});
