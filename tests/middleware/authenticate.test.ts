import {
  type AuthenticateOptions,
  authenticate,
  type Credentials,
  cookies,
  type Scope,
  type SessionScope,
  sessions,
  stack,
  type UserScope,
  WebSocketConsumer,
} from "sluice";
import { type Communicator, communicator, FakeClock } from "sluice/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { expressCookie, secret, settle } from "./browser.ts";
import { PlainStore } from "./plain-store.ts";

interface User {
  readonly id: string;
  /** How long the token is good for. */
  readonly left?: number;
}

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock();
});

/** Tokens are `id` or `id:milliseconds`; one that begins with "bad" is nobody's. */
function verify({ token }: Credentials): User | null {
  if (token === undefined || token.startsWith("bad")) return null;
  if (token === "broken") throw new Error("the issuer is down");
  const [id = "", left] = token.split(":");
  return left === undefined ? { id } : { id, left: Number(left) };
}

/** Says who is there, and repeats what it is told. */
class Echo extends WebSocketConsumer<Scope & UserScope<User>> {
  static log: string[] = [];
  override connect(): void {
    Echo.log.push(`connect ${this.scope.user.id} ${this.scope.subprotocols.join()}`.trimEnd());
  }
  override receive(text: string): void {
    this.send(`${this.scope.user.id}: ${text}`);
  }
  override receiveBytes(bytes: Uint8Array): void {
    this.send(bytes);
  }
  override disconnect(code: number): void {
    Echo.log.push(`disconnect ${code}`);
  }
}
beforeEach(() => void Echo.log.splice(0));

interface From {
  readonly headers?: Record<string, string>;
  readonly subprotocols?: readonly string[];
}

function client(from: From, options: Partial<AuthenticateOptions<User>> = {}): Communicator {
  const users = authenticate({
    verify,
    id: (user: User) => user.id,
    expiresIn: (user: User) => user.left,
    clock,
    ...options,
  });
  return communicator(stack(users, Echo), from);
}

const bearer = (token: string): From => ({ headers: { authorization: `Bearer ${token}` } });
const inList = (...names: string[]): From => ({ subprotocols: names });

describe("a token in the Authorization header", () => {
  it.each(["Bearer ada", "bearer ada", "BEARER  ada"])("says who it is: %s", async (value) => {
    const ada = client({ headers: { authorization: value } });
    expect(await ada.connect()).toMatchObject({ accepted: true });
    ada.send("hello");
    expect(await ada.receive()).toBe("ada: hello");
    await ada.disconnect();
    expect(Echo.log).toEqual(["connect ada", "disconnect 1000"]);
    expect(clock.timers).toBe(0);
  });

  it.each([
    ["nothing", {}],
    ["a bad token", bearer("bad")],
    ["another scheme", { headers: { authorization: "Basic YTpi" } }],
    ["no token", { headers: { authorization: "Bearer " } }],
    ["an expired token", bearer("ada:0")],
    ["one that expired long ago", bearer("ada:-5000")],
    ["one that expires never in time", bearer("ada:soon")],
  ])("is 401 with %s", async (_what, from) => {
    const nobody = client(from);
    const answer = await nobody.connect();
    expect(answer).toMatchObject({ status: 401, headers: { "www-authenticate": "Bearer" } });
    expect(Echo.log).toEqual([]);
    expect(nobody.errors).toEqual([]);
  });

  it("is 503 while nobody can tell, and the error is told", async () => {
    const ada = client(bearer("broken"));
    expect(await ada.connect()).toMatchObject({ status: 503 });
    await settle();
    expect(ada.errors).toMatchObject([{ error: { message: "the issuer is down" } }]);
  });
});

describe("a token in the list of subprotocols", () => {
  it("says who it is, and the other subprotocol is echoed", async () => {
    const ada = client(inList("bearer.ada", "chat", "chat.v2"));
    expect(await ada.connect()).toMatchObject({ accepted: true, subprotocol: "chat" });
    expect(Echo.log).toEqual(["connect ada chat,chat.v2"]);
    await ada.disconnect();
  });

  it("is echoed never, not even if it stands alone", async () => {
    const ada = client(inList("bearer.ada"));
    expect(await ada.connect()).toMatchObject({ accepted: true, subprotocol: undefined });
    await ada.disconnect();
  });

  it("leaves the choice to the application, but cannot be chosen", async () => {
    const users = authenticate({ verify });
    const choosing = (subprotocol: string) =>
      communicator(
        stack(users, (_scope, socket) => ({ open: () => socket.accept({ subprotocol }) })),
        inList("chat", "bearer.ada", "chat.v2"),
      );
    const ada = choosing("chat.v2");
    expect(await ada.connect()).toMatchObject({ subprotocol: "chat.v2" });
    await ada.disconnect();
  });

  it("has the scheme that was agreed on", async () => {
    const ada = client(inList("token.ada", "chat"), { scheme: "token" });
    expect(await ada.connect()).toMatchObject({ accepted: true, subprotocol: "chat" });
    await ada.disconnect();
    expect(await client(inList("bearer.ada"), { scheme: "token" }).connect()).toMatchObject({
      status: 401,
    });
  });

  it("counts only where it is looked for", async () => {
    const from = ["header"] as const;
    expect(await client(inList("bearer.ada"), { from }).connect()).toMatchObject({ status: 401 });
  });

  it("gives way to the header", async () => {
    const both = client({ ...bearer("ada"), ...inList("bearer.bob", "chat") });
    await both.connect();
    expect(Echo.log).toEqual(["connect ada chat"]);
    await both.disconnect();
  });

  it("leaves a refusal by the application alone", async () => {
    const users = authenticate({ verify });
    const refusing = stack(users, (_scope: Scope, socket) => ({
      open: () => socket.reject(418),
    }));
    const ada = communicator(refusing, inList("bearer.ada", "chat"));
    expect(await ada.connect()).toMatchObject({ accepted: false, status: 418 });
    await settle();
    expect(ada.errors).toEqual([]);
  });
});

describe("a first message", () => {
  const options = { from: ["subprotocol", "message"] } as const;
  const auth = (token: string) => JSON.stringify({ type: "auth", token });

  it("says who it is; the application is called then, and hears the next", async () => {
    const ada = client(inList("chat"), options);
    expect(await ada.connect()).toMatchObject({ accepted: true, subprotocol: "chat" });
    expect(Echo.log).toEqual([]);
    ada.send(auth("ada"));
    ada.send("hello");
    expect(await ada.receive()).toBe("ada: hello");
    ada.send(new Uint8Array([1]));
    expect(await ada.receive()).toEqual(new Uint8Array([1]));
    await ada.disconnect();
    expect(Echo.log).toEqual(["connect ada chat", "disconnect 1000"]);
    expect(clock.timers).toBe(0);
  });

  it.each<[string, string | Uint8Array]>([
    ["a wrong token", auth("bad")],
    ["an expired one", auth("ada:0")],
    ["no token", '{"type":"auth"}'],
    ["a token that is no text", '{"type":"auth","token":7}'],
    ["another type", '{"type":"auth.refresh","token":"ada"}'],
    ["no JSON", '{"type":"auth","token"'],
    ["a list", '["auth"]'],
    ["null", "null"],
    ["an empty text", ""],
    ["bytes", new TextEncoder().encode(auth("ada"))],
    ["far too much", auth("a".repeat(20_000))],
  ])("closes with 4501 if it is %s", async (_what, message) => {
    const nobody = client({}, options);
    await nobody.connect();
    nobody.send(message);
    expect(await nobody.closed()).toEqual({ code: 4501, reason: "not authenticated" });
    expect(Echo.log).toEqual([]);
    expect(nobody.errors).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it("closes with 4501 if it does not come in time", async () => {
    const nobody = client({}, options);
    await nobody.connect();
    clock.advance(9_999);
    expect(await nobody.receiveNothing(0)).toBe(true);
    clock.advance(1);
    expect(await nobody.closed()).toEqual({ code: 4501, reason: "not authenticated" });
  });

  it("is in time only if it is also verified in time", async () => {
    let answer: (user: User) => void = () => {};
    const slow = {
      ...options,
      verify: ({ token }: Credentials) =>
        token === undefined ? null : new Promise<User>((resolve) => void (answer = resolve)),
    };
    const ada = client({}, slow);
    await ada.connect();
    ada.send(auth("ada"));
    clock.advance(10_000);
    expect(await ada.closed()).toMatchObject({ code: 4501 });
    answer({ id: "ada" });
    await settle();
    expect(Echo.log).toEqual([]);
  });

  it("is not waited for where the handshake says it all, or says something wrong", async () => {
    const ada = client(inList("bearer.ada", "chat"), options);
    await ada.connect();
    ada.send("hello");
    expect(await ada.receive()).toBe("ada: hello");
    await ada.disconnect();
    expect(await client(inList("bearer.bad"), options).connect()).toMatchObject({ status: 401 });
  });

  it("fails the connection while nobody can tell", async () => {
    const ada = client({}, options);
    await ada.connect();
    ada.send(auth("broken"));
    expect(await ada.closed()).toMatchObject({ code: 1011 });
    expect(ada.errors).toHaveLength(1);
  });

  it("may be of another form", async () => {
    const readToken = (message: string) => /^TOKEN (.+)$/.exec(message)?.[1];
    const ada = client({}, { ...options, readToken });
    await ada.connect();
    ada.send("TOKEN ada");
    ada.send("hello");
    expect(await ada.receive()).toBe("ada: hello");
    await ada.disconnect();
  });

  it("comes too late for an application that wants to choose how to accept", async () => {
    const users = authenticate({ verify, from: ["message"], clock });
    const choosy = stack(users, (_scope: Scope, socket) => ({
      open: () => socket.accept({ headers: { "set-cookie": "a=1" } }),
    }));
    const ada = communicator(choosy);
    await ada.connect();
    ada.send(auth("ada"));
    expect(await ada.closed()).toMatchObject({ code: 1011 });
    expect(ada.errors).toMatchObject([{ error: { code: "ERR_ALREADY_ACCEPTED" } }]);
  });

  it("leaves nothing behind when the client goes without it", async () => {
    const nobody = client({}, options);
    await nobody.connect();
    await nobody.disconnect(1001);
    expect(Echo.log).toEqual([]);
    expect(clock.timers).toBe(0);
  });
});

describe("a token that expires", () => {
  it("closes with 4001: get a new one and come back", async () => {
    const ada = client(bearer("ada:30000"));
    await ada.connect();
    clock.advance(29_999);
    ada.send("hello");
    expect(await ada.receive()).toBe("ada: hello");
    clock.advance(1);
    expect(await ada.closed()).toEqual({ code: 4001, reason: "token expired" });
  });

  const refresh = (token: string) => JSON.stringify({ type: "auth.refresh", token });

  it("is put off by a new one, which the application does not see", async () => {
    const ada = client(bearer("ada:30000"));
    await ada.connect();
    clock.advance(29_000);
    ada.send(refresh("ada:60000"));
    await settle();
    clock.advance(59_999);
    ada.send("hello");
    expect(await ada.receive()).toBe("ada: hello");
    clock.advance(1);
    expect(await ada.closed()).toMatchObject({ code: 4001 });
  });

  it("is put off for ever by one that does not expire", async () => {
    const ada = client(bearer("ada:30000"));
    await ada.connect();
    ada.send(refresh("ada"));
    await settle();
    expect(clock.timers).toBe(0);
    await ada.disconnect();
  });

  it.each([
    ["a wrong one", "bad"],
    ["an expired one", "ada:0"],
    ["somebody else's", "bob:60000"],
  ])("is not put off by %s: 4501", async (_what, token) => {
    const ada = client(bearer("ada:30000"));
    await ada.connect();
    ada.send(refresh(token));
    expect(await ada.closed()).toMatchObject({ code: 4501 });
  });

  it("is not put off where that is not wanted: the application gets the message", async () => {
    const ada = client(bearer("ada:30000"), { refresh: false });
    await ada.connect();
    ada.send(refresh("ada"));
    expect(await ada.receive()).toBe(`ada: ${refresh("ada")}`);
    await ada.disconnect();
  });

  it.each([
    "",
    "{",
    '{"a":"auth.refresh"}',
    '"auth.refresh"',
    '{"type":"auth.refresh","token":[]}',
  ])("is not put off by what looks like one: %s", async (message) => {
    const ada = client(bearer("ada:30000"));
    await ada.connect();
    ada.send(message);
    expect(await ada.receive()).toBe(`ada: ${message}`);
    await ada.disconnect();
  });

  it("may be good for longer than a timer of Node can hold", async () => {
    const days = 24 * 60 * 60 * 1000;
    const ada = client(bearer(`ada:${60 * days}`));
    await ada.connect();
    clock.advance(59 * days);
    expect(await ada.receiveNothing(0)).toBe(true);
    clock.advance(days);
    expect(await ada.closed()).toMatchObject({ code: 4001 });
  });
});

describe("a session", () => {
  interface Login {
    userId: string;
  }
  const users = authenticate({
    verify: async ({ scope }: Credentials<Scope & SessionScope<Login>>): Promise<User | null> => {
      const { userId } = await scope.session.load();
      return userId === undefined ? null : { id: userId };
    },
  });

  it("says who it is", async () => {
    const store = new PlainStore();
    store.put("id1", { userId: "ada" });
    const logins = sessions<Login>({ store, secret, clock });
    const application = stack(cookies(), logins, users, Echo);
    const ada = communicator(application, { headers: { cookie: expressCookie("id1") } });
    await ada.connect();
    ada.send("hello");
    expect(await ada.receive()).toBe("ada: hello");
    await ada.disconnect();
    expect(await communicator(application).connect()).toMatchObject({ status: 401 });
    store.fault = (callback) => callback(new Error("down"));
    const other = communicator(application, { headers: { cookie: expressCookie("id1") } });
    expect(await other.connect()).toMatchObject({ status: 503 });
  });
});

describe("a user who is not required", () => {
  it("is null where nobody is known", async () => {
    const users = authenticate({ verify, required: false });
    const application = stack(users, ({ user }, socket) => ({
      text: () => socket.send(user === null ? "nobody" : user.id),
    }));
    for (const [from, name] of [
      [{}, "nobody"],
      [bearer("bad"), "nobody"],
      [bearer("ada"), "ada"],
    ] as const) {
      const somebody = communicator(application, from);
      await somebody.connect();
      somebody.send("who?");
      expect(await somebody.receive()).toBe(name);
      await somebody.disconnect();
    }
  });
});

describe("options that cannot be used", () => {
  it.each<[string, object]>([
    ["verify", { verify: undefined }],
    ["from", { from: ["query"] }],
    ["required", { from: ["message"], required: false }],
    ["id", { recheck: () => true }],
    ["authDeadline", { authDeadline: 0 }],
    ["recheckInterval", { recheckInterval: Number.NaN }],
    ["tokens", { tokens: [] }],
  ])("are told when the middleware is made: %s", (name, options) => {
    const make = () => authenticate({ verify, ...options } as AuthenticateOptions<User>);
    expect(make).toThrow(expect.objectContaining({ code: "ERR_INVALID_OPTION" }));
    expect(make).toThrow(name);
  });
});
