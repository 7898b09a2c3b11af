import { beforeEach, describe, expect, it } from "vitest";
import { RawPeer } from "sluice/testing";
import { refusal, request, status } from "./request.ts";
import { start } from "./start.ts";

let port: number;
beforeEach(async () => {
  ({ port } = await start());
});

/** The status of a handshake with other header lines. */
const withLines = (name: string, ...values: string[]) => status(port, request({ [name]: values }));

describe("the request line of an opening handshake (RFC 6455 §4.2.1 item 1)", () => {
  it.each(["POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])(
    "is answered with 405 and the method that is allowed, if it says %s",
    async (method) => {
      const { status: code, headers } = await refusal(port, request({}, `${method} / HTTP/1.1`));
      expect(code).toBe(405);
      expect(headers.get("allow")).toBe("GET");
      expect(headers.get("connection")).toBe("close");
    },
  );

  it("ends the connection, if it says CONNECT: we are no proxy", async () => {
    const peer = await RawPeer.connect(port);
    await peer.write(request({}, "CONNECT / HTTP/1.1"));
    expect(await peer.end()).toHaveLength(0);
  });

  it.each(["BREW", "get", "PRI", "\x16\x03\x01"])(
    "is answered with 400, if it says %j",
    async (method) => {
      expect((await refusal(port, request({}, `${method} / HTTP/1.1`))).status).toBe(400);
    },
  );

  it.each(["HTTP/1.0", "HTTP/0.9"])("is answered with 505, if it says %s", async (version) => {
    expect((await refusal(port, request({}, `GET / ${version}`))).status).toBe(505);
  });

  it.each(["HTTP/1.2", "HTTP/9.9", "HTTP/x", "HTTP", ""])(
    "is answered with 400, if it says %j for a version",
    async (version) => {
      expect((await refusal(port, request({}, `GET / ${version}`))).status).toBe(400);
    },
  );

  it.each([
    ["another server's URL", "http://169.254.169.254/latest"],
    ["our own URL", "http://127.0.0.1/"],
    ["an authority", "127.0.0.1:80"],
    ["an asterisk", "*"],
    ["nothing", ""],
    ["two slashes", "//"],
    ["two slashes and a host", "//evil.com/x"],
    ["two slashes after dot segments", "/x/..//evil.com"],
    ["backslashes", "/a\\..\\b"],
    ["a fragment", "/a#b"],
    ["a character outside ASCII", "/\u00e9"],
    ["a control character", "/\u007f"],
    ["a percent sign and no hexadecimal", "/%zz"],
    ["half an escape", "/%E0%A4%A"],
    ["an escaped NUL", "/%00"],
    ["an overlong slash", "/%c0%af"],
    ["an escaped surrogate", "/%ed%a0%80"],
  ])("is answered with 400, if it asks for %s", async (_, target) => {
    expect((await refusal(port, request({}, `GET ${target} HTTP/1.1`))).status).toBe(400);
  });
});

describe("the Host header (RFC 6455 §4.2.1 item 2)", () => {
  it.each([
    ["is missing", []],
    ["comes twice", ["a", "b"]],
    ["comes twice, and is the same", ["a", "a"]],
    ["is empty", [""]],
    ["is a list", ["a, b"]],
    ["holds a space", ["a b"]],
    ["holds a path", ["a/b"]],
    ["holds a user", ["user@a"]],
    ["holds a port that is none", ["a:b"]],
    ["holds a port over 65535", ["a:65536"]],
    ["holds an address without its bracket", ["[::1"]],
  ])("%s: 400", async (_, values) => {
    expect((await refusal(port, request({ Host: values }))).status).toBe(400);
  });

  it.each(["127.0.0.1", "localhost:8000", "[::1]:80", "EXAMPLE.com", "a_b.example"])(
    "may be %s",
    async (host) => {
      expect(await withLines("Host", host)).toBe(101);
    },
  );
});

describe("the Upgrade and Connection headers (RFC 6455 §4.2.1 items 3 and 4)", () => {
  it.each([
    "websocket",
    "WebSocket",
    "WEBSOCKET",
    "foo, websocket",
    "foo/2, websocket",
    ",websocket,",
  ])("Upgrade: %s asks for a WebSocket", async (value) => {
    expect(await withLines("Upgrade", value)).toBe(101);
  });

  it("Upgrade may come as several lines", async () => {
    expect(await withLines("Upgrade", "h2c", "websocket")).toBe(101);
  });

  it.each(["Upgrade", "upgrade", "keep-alive, Upgrade", "keep-alive,Upgrade", "Upgrade, x"])(
    "Connection: %s goes with it",
    async (value) => {
      expect(await withLines("Connection", value)).toBe(101);
    },
  );
});

describe("Sec-WebSocket-Version (RFC 6455 §4.2.1 item 6, §4.4)", () => {
  it.each([
    ["is missing", []],
    ["is an old draft's", ["8"]],
    ["is of the future", ["14"]],
    ["is a list", ["13, 13"]],
    ["is another list", ["8, 13"]],
    ["comes twice", ["13", "13"]],
    ["is empty", [""]],
    ["is written otherwise", ["013"]],
    ["is no number", ["thirteen"]],
  ])("%s: 426 with the version that is spoken here", async (_, values) => {
    const { status: code, headers } = await refusal(
      port,
      request({ "Sec-WebSocket-Version": values }),
    );
    expect(code).toBe(426);
    expect(headers.get("sec-websocket-version")).toBe("13");
    expect(headers.get("upgrade")).toBe("websocket");
    expect(headers.get("connection")).toBe("Upgrade, close");
  });
});

describe("Sec-WebSocket-Key (RFC 6455 §4.2.1 item 5)", () => {
  it.each([
    ["is missing", []],
    ["is empty", [""]],
    ["is no base64", ["!!!!!!!!!!!!!!!!!!!!!!=="]],
    ["holds 15 bytes", ["AAAAAAAAAAAAAAAAAAAA"]],
    ["holds 17 bytes", ["AAAAAAAAAAAAAAAAAAAAAAA="]],
    ["lacks its padding", ["dGhlIHNhbXBsZSBub25jZQ"]],
    ["is another alphabet's", ["dGhlIHNhbXBsZSBub25j-_=="]],
    ["is a list", ["dGhlIHNhbXBsZSBub25jZQ==, AAAA"]],
    ["comes twice", ["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="]],
  ])("%s: 400", async (_, values) => {
    expect((await refusal(port, request({ "Sec-WebSocket-Key": values }))).status).toBe(400);
  });

  it("is answered with its hash, as in the example of §1.3", async () => {
    const peer = await RawPeer.connect(port);
    await peer.write(request());
    const { headers } = await peer.response();
    expect(headers.get("sec-websocket-accept")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    peer.socket.destroy();
  });
});

describe("white space around a header's value (RFC 9110 §5.5)", () => {
  it.each([
    ["Host", " \t "],
    ["Upgrade", " \t "],
    // Of this one node:http itself wants to know, and takes no tab there.
    ["Connection", "  "],
    ["Sec-WebSocket-Version", " \t "],
    ["Sec-WebSocket-Key", " \t "],
  ])("means nothing, in %s too", async (name, space) => {
    const line = new RegExp(`^(${name}:) (.*)$`, "m");
    const padded = request().replace(line, `$1${space}$2${space}`);
    expect(padded).not.toBe(request());
    expect(await status(port, padded)).toBe(101);
  });
});

describe("a request that is too large (RFC 6585 §5)", () => {
  const filler = (lines: number) => ({ "X-Filler": new Array<string>(lines).fill("x") });
  const own = 5;

  it.each([
    ["a header of 17 KB", request({ "X-Big": "x".repeat(17 * 1024) })],
    ["a URL of 64 KB", request({}, `GET /${"x".repeat(64 * 1024)} HTTP/1.1`)],
    ["101 header lines", request(filler(101 - own))],
    ["1500 header lines behind ours", request(filler(1500))],
    ["1500 header lines before ours", request().replace("\r\n", `\r\n${"x: y\r\n".repeat(1500)}`)],
  ])("is answered with 431: %s", async (_, bytes) => {
    expect((await refusal(port, bytes)).status).toBe(431);
  });

  it("has more than 100 header lines", async () => {
    expect(await status(port, request(filler(100 - own)))).toBe(101);
  });

  it("has more lines than the limit that was set", async () => {
    const strict = await start({ limits: { maxHeaders: own } });
    expect(await status(strict.port, request())).toBe(101);
    expect(await status(strict.port, request(filler(1)))).toBe(431);
  });
});

describe("what comes with a request that has no body (RFC 9112 §6)", () => {
  it.each([
    ["a body", request({ "Content-Length": "5" }) + "hello"],
    ["a body that looks like a frame", `${request({ "Content-Length": "6" })}\x81\x80\0\0\0\0`],
    ["the promise of a body", request({ "Content-Length": "5" })],
    ["a chunked body", `${request({ "Transfer-Encoding": "chunked" })}5\r\nhello\r\n0\r\n\r\n`],
    ["two lengths", request({ "Content-Length": ["0", "0"] })],
    ["a second handshake", request() + request()],
    ["a second request", `${request()}GET /admin HTTP/1.1\r\nHost: a\r\n\r\n`],
    ["a frame of a server", `${request()}\x81\x02hi`],
    ["a continuation of nothing", `${request()}\x80\x80\0\0\0\0`],
  ])("%s: 400, and nobody reads on", async (_, bytes) => {
    expect((await refusal(port, bytes)).status).toBe(400);
  });

  it("a length of nothing is no body", async () => {
    expect(await withLines("Content-Length", "0")).toBe(101);
  });
});
