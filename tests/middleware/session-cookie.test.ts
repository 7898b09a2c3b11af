import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { sign } from "cookie-signature";
import fc from "fast-check";
import { cookies, type SessionsOptions, sessions, stack } from "sluice";
import { communicator } from "sluice/testing";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { expressCookie, secret } from "./browser.ts";
import { PlainStore } from "./plain-store.ts";

const store = new PlainStore();
store.put("id1", { username: "ada" });

const reasons: string[] = [];
const listen = (message: unknown) => reasons.push((message as { reason: string }).reason);
subscribe("sluice:session.reject", listen);
afterAll(() => unsubscribe("sluice:session.reject", listen));
beforeEach(() => void reasons.splice(0));

/** Who the client with this cookie is: a name, nobody, or the status that it was refused with. */
async function who(cookie: string, options: Partial<SessionsOptions> = {}): Promise<unknown> {
  const application = stack(
    cookies(),
    sessions<{ username: string }>({ store, secret, ...options }),
    ({ session }, socket) => ({
      async open() {
        const { username = "nobody" } = await session.load();
        socket.accept();
        socket.send(username);
      },
    }),
  );
  const client = communicator(application, { headers: { cookie } });
  const answer = await client.connect();
  if (!answer.accepted) return answer.status;
  const name = await client.receive();
  await client.disconnect();
  return name;
}

describe("a session cookie", () => {
  it("of express-session is believed", async () => {
    expect(await who(expressCookie("id1"))).toBe("ada");
    expect(reasons).toEqual([]);
  });

  it("of @fastify/session is believed, which has no prefix", async () => {
    const value = encodeURIComponent(sign("id1", secret));
    expect(await who(`sessionId=${value}`, { name: "sessionId" })).toBe("ada");
  });

  it("need not be percent-encoded", async () => {
    expect(await who(`connect.sid=s:${sign("id1", secret)}`)).toBe("ada");
  });

  const signature = sign("id1", secret).slice("id1.".length);

  it.each<[string, string]>([
    ["no signature", "s:id1"],
    ["an empty signature", "s:id1."],
    ["half a signature", `s:id1.${signature.slice(0, 20)}`],
    ["all but the last character of it", `s:id1.${signature.slice(0, -1)}`],
    ["a character more", `s:id1.${signature}A`],
    ["its padding, which nobody writes", `s:id1.${signature}=`],
    [
      "the other alphabet of base64",
      `s:id1.${signature.replaceAll("+", "-").replaceAll("/", "_")}_`,
    ],
    ["the signature of another id", `s:id2.${signature}`],
    ["another secret's signature", `s:${sign("id1", "other")}`],
    ["a signature that covers the prefix", sign("s:id1", secret)],
    ["the prefix twice", `s:s:${sign("id1", secret)}`],
    ["an empty id, rightly signed", `s:${sign("", secret)}`],
    ["nothing at all", ""],
    ["only the prefix", "s:"],
    ["only a dot", "."],
    [
      "the encrypted kind of another library",
      "Fe26.2**0cdd607945dd1dffb7da0b0bf5f1a7daa6218cbae14cac51dcbd91fb077aeb5b",
    ],
    ["a plain name", "__proto__"],
    ["broken percent-encoding", "s%3Aid1.%zz"],
    ["a NUL", `s:id1%00.${signature}`],
  ])("with %s is no cookie: anonymous, or 401 where one is required", async (_what, value) => {
    const cookie = `connect.sid=${value}`;
    expect(await who(cookie)).toBe("nobody");
    expect(reasons).toEqual(["signature"]);
    expect(await who(cookie, { required: true })).toBe(401);
  });

  it("is not believed with any one bit of its signature flipped", async () => {
    const bits = signature.length * 8;
    const results = new Set<unknown>();
    for (let bit = 0; bit < bits; bit++) {
      const octets = Buffer.from(signature, "latin1");
      octets[bit >> 3]! ^= 1 << (bit & 7);
      const forged = encodeURIComponent(`s:id1.${octets.toString("latin1")}`);
      results.add(await who(`connect.sid=${forged}`));
    }
    expect(bits).toBe(43 * 8);
    expect(results).toEqual(new Set(["nobody"]));
  });

  it("never makes anything fail", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 80 }), async (value) => {
        const cookie = `connect.sid=${value.replace(/[\r\n\0]/g, "")}`;
        expect(await who(cookie)).toBe("nobody");
      }),
      { numRuns: 200 },
    );
  });

  it("of a session that is gone is anonymous, or 401", async () => {
    expect(await who(expressCookie("gone"))).toBe("nobody");
    expect(await who(expressCookie("gone"), { required: true })).toBe(401);
    expect(reasons).toEqual(["unknown", "unknown"]);
  });

  it("of a session that has expired is anonymous, or 401", async () => {
    store.put("old", { username: "eve" }, { expires: "2020-01-01T00:00:00.000Z" });
    store.put("new", { username: "bob" }, { expires: "2999-01-01T00:00:00.000Z" });
    expect(await who(expressCookie("old"))).toBe("nobody");
    expect(await who(expressCookie("old"), { required: true })).toBe(401);
    expect(await who(expressCookie("new"))).toBe("bob");
  });

  it("is 401 where a session is required and there is none", async () => {
    expect(await who("other=1", { required: true })).toBe(401);
    expect(await who(expressCookie("id1"), { required: true })).toBe("ada");
  });
});

describe("several secrets", () => {
  it("are all believed: a new one is put in front of the old one", async () => {
    const rotated = { secret: ["new", secret, "oldest"] };
    expect(await who(expressCookie("id1", "new"), rotated)).toBe("ada");
    expect(await who(expressCookie("id1"), rotated)).toBe("ada");
    expect(await who(expressCookie("id1", "oldest"), rotated)).toBe("ada");
    expect(await who(expressCookie("id1", "newest"), rotated)).toBe("nobody");
    expect(await who(expressCookie("id1"), { secret: ["new"] })).toBe("nobody");
  });
});

describe("two cookies of one name", () => {
  const mine = expressCookie("id1");

  it("are as good as the first", async () => {
    store.put("id2", { username: "mallory" });
    expect(await who(`${mine}; ${expressCookie("id2")}`)).toBe("ada");
    expect(await who(`${expressCookie("id2")}; ${mine}`)).toBe("mallory");
    expect(await who(`connect.sid=forged; ${mine}`)).toBe("nobody");
  });

  it("are none where that is wanted", async () => {
    const options = { duplicates: "refuse" } as const;
    expect(await who(`${mine}; a=1; ${mine}`, options)).toBe("nobody");
    expect(reasons).toEqual(["duplicate"]);
    expect(await who(`${mine}; a=1; a=2`, options)).toBe("ada");
    expect(await who(`${mine}; ${mine}`, { ...options, required: true })).toBe(401);
  });
});

describe("options that cannot be used", () => {
  it.each<[string, object]>([
    ["secret", { secret: "" }],
    ["secret", { secret: [] }],
    ["secret", { secret: ["a", ""] }],
    ["secret", { secret: undefined }],
    ["store", { store: {} }],
    ["store", { store: undefined }],
    ["prefix", { prefix: "x" }],
    ["duplicates", { duplicates: "last" }],
    ["recheckInterval", { recheckInterval: 0 }],
    ["storeTimeout", { storeTimeout: -1 }],
    ["maxAge", { maxAge: 1 }],
  ])("are told when the middleware is made: %s", (name, options) => {
    const make = () => sessions({ store, secret, ...options } as SessionsOptions);
    expect(make).toThrow(expect.objectContaining({ code: "ERR_INVALID_OPTION" }));
    expect(make).toThrow(name);
  });
});
