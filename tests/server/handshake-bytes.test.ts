import { beforeEach, describe, expect, it } from "vitest";
import type { Scope } from "sluice";
import { request, status } from "./request.ts";
import { start } from "./start.ts";

let port: number;
let scopes: Scope[];
beforeEach(async () => {
  scopes = [];
  const websocket = (scope: Scope) => {
    scopes.push(scope);
    return {};
  };
  // Origins are judged elsewhere.
  ({ port } = await start({ websocket, origins: "insecure-any" }));
});

const octets = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => String.fromCharCode(from + at));

/** How each octet inside the value of a header is answered: statuses by octet. */
async function sweep(name: string, values: readonly string[]): Promise<Map<string, number>> {
  const answers = values.map(async (octet) => {
    const code = await status(port, request({ [name]: `a${octet}b` }));
    return [octet, code] as const;
  });
  return new Map(await Promise.all(answers));
}

const having = (answers: ReadonlyMap<string, number>, code: number) =>
  [...answers].filter(([, answer]) => answer === code).map(([octet]) => octet);

const controls = [...octets(0x00, 0x1f), "\x7f"];
const obsText = octets(0x80, 0xff);

describe("an octet inside the value of a header (RFC 9110 §5.5)", () => {
  it("may be no control character, except the tab", async () => {
    const answers = await sweep("X-Any", controls);
    expect(having(answers, 101)).toEqual(["\t"]);
    expect(having(answers, 400)).toHaveLength(controls.length - 1);
  });

  it("may be obs-text, where nothing is decided by it", async () => {
    expect(having(await sweep("X-Any", obsText), 101)).toEqual(obsText);
    expect(scopes).toHaveLength(obsText.length);
    expect(scopes.map(({ headers }) => headers["x-any"]).sort()).toEqual(
      obsText.map((octet) => `a${octet}b`),
    );
  });

  it.each(["Origin", "Host", "Cookie", "Sec-WebSocket-Protocol", "Sec-Fetch-Site"])(
    "may be no obs-text in %s",
    async (name) => {
      expect(having(await sweep(name, obsText), 400)).toEqual(obsText);
      expect(scopes).toEqual([]);
    },
  );

  it.each(["Sec-WebSocket-Key", "Sec-WebSocket-Extensions"])(
    "may be neither a control character nor obs-text in %s",
    async (name) => {
      const all = [...controls.filter((octet) => octet !== "\t"), ...obsText];
      expect(having(await sweep(name, all), 400)).toEqual(all);
    },
  );
});

describe("the lines of a request (RFC 9112 §5)", () => {
  it.each([
    ["are folded", "X-Any: a\r\n b\r\n"],
    ["have a space before the colon", "X-Any : a\r\n"],
    ["have no colon", "X-Any\r\n"],
    ["have no name", ": a\r\n"],
    ["begin with a space", " X-Any: a\r\n"],
    ["end with a line feed alone", "X-Any: a\n"],
    ["end with a carriage return alone", "X-Any: a\r"],
  ])("%s: 400", async (_, line) => {
    expect(await status(port, request().replace("\r\n", `\r\n${line}`))).toBe(400);
    expect(scopes).toEqual([]);
  });
});

describe("the name of a header", () => {
  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "may be %s, and means nothing",
    async (name) => {
      const [, ...lines] = request().split("\r\n");
      const bytes = ["GET / HTTP/1.1", `${name}: x`, ...lines].join("\r\n");
      expect(await status(port, bytes)).toBe(101);

      const headers = scopes[0]!.headers;
      expect(Object.entries(headers)).toContainEqual([name.toLowerCase(), "x"]);
      expect(headers[name.toLowerCase()]).toBe("x");
      expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
    },
  );

  it("is found only if it came", async () => {
    expect(await status(port, request())).toBe(101);
    for (const name of ["__proto__", "constructor", "tostring", "toString", "cookie"]) {
      expect(scopes[0]!.headers[name]).toBeUndefined();
    }
  });

  it("is in lower case, and repeated ones are one value", async () => {
    await status(port, request({ "X-TWO": ["1", "2"], cookie: ["a=1", "b=2"] }));
    expect(scopes[0]?.headers).toMatchObject({ "x-two": "1, 2", cookie: "a=1; b=2" });
  });

  it("never stands for another one: an underscore is no hyphen", async () => {
    const trusting = await start({
      websocket: (scope) => {
        scopes.push(scope);
        return {};
      },
      trustProxy: ["127.0.0.1"],
    });
    const lines = {
      X_Forwarded_For: "10.9.9.9",
      X_Forwarded_Proto: "https",
      X_Forwarded_Host: "evil.com",
      Sec_WebSocket_Protocol: "chat",
      Origin: "http://127.0.0.1",
    };
    expect(await status(trusting.port, request(lines))).toBe(101);
    const [scope] = scopes;
    expect(scope).toMatchObject({ secure: false, subprotocols: [] });
    expect(scope?.client.address).toBe("127.0.0.1");
    expect(scope?.headers["x_forwarded_for"]).toBe("10.9.9.9");
    expect(scope?.headers["x-forwarded-for"]).toBeUndefined();
  });
});
