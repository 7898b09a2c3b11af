import { once } from "node:events";
import { createServer } from "node:http";
import { duplexPair } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPlainUpgrade } from "../../src/protocol/plain-upgrade.ts";
import { fastest } from "./fastest.ts";

const maxSize = 16_384;

const lines: readonly string[] = [
  "Host: server.example.com",
  "Upgrade: websocket",
  "Connection: keep-alive, Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
];

function request(o: { first?: string; headers?: readonly string[]; rest?: string } = {}): Buffer {
  const { first = "GET /chat?room=1 HTTP/1.1", headers = lines, rest = "" } = o;
  return Buffer.from(`${[first, ...headers].join("\r\n")}\r\n\r\n${rest}`, "latin1");
}

const read = (bytes: Buffer) => readPlainUpgrade(bytes, maxSize);

/** The request with one more line. */
const having = (line: string) => request({ headers: [...lines, line] });

describe("an opening handshake that is whole and plain (RFC 6455 §4.1)", () => {
  it("is read without a parser", () => {
    expect(read(request({ rest: "\x81\x80key!" }))).toEqual({
      method: "GET",
      target: "/chat?room=1",
      httpVersion: "1.1",
      rawHeaders: [
        ...["Host", "server.example.com"],
        ...["Upgrade", "websocket"],
        ...["Connection", "keep-alive, Upgrade"],
        ...["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
        ...["Sec-WebSocket-Version", "13"],
      ],
      head: Buffer.from("\x81\x80key!", "latin1"),
    });
  });

  it("may have any white space around its values, and values that are empty", () => {
    const { rawHeaders } = read(
      request({ headers: ["X-A:\t b c \t", "X-B:", "X-C: ", ...lines] }),
    )!;
    expect(rawHeaders.slice(0, 6)).toEqual(["X-A", "b c", "X-B", "", "X-C", ""]);
  });

  it("may be as long as the limit, and no longer", () => {
    const bytes = request();
    expect(readPlainUpgrade(bytes, bytes.length)).toBeDefined();
    expect(readPlainUpgrade(bytes, bytes.length - 1)).toBeUndefined();
  });
});

describe("what is kept of it", () => {
  it("does not keep the rest", () => {
    const cookie = `Cookie: ${"c".repeat(15_000)}`;
    const keep = (number: number) => {
      const first = `GET /a/long/path/${number} HTTP/1.1`;
      const headers = [cookie, ...lines, `X-Forwarded-For: 2001:db8::aaaa:${number}`];
      const { target, rawHeaders } = read(request({ first, headers }))!;
      return [target, rawHeaders.at(-1)];
    };
    for (let i = 0; i < 20; i++) keep(i);
    gc?.();
    const before = process.memoryUsage().heapUsed;
    const kept = Array.from({ length: 500 }, (_, number) => keep(number));
    gc?.();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(kept.length * 1_000);
    expect(kept[7]).toEqual(["/a/long/path/7", "2001:db8::aaaa:7"]);
  });
});

describe("everything else", () => {
  it.each<[what: string, bytes: Buffer]>([
    ["nothing", Buffer.alloc(0)],
    ["the preface of HTTP/2", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
    ["a request that is not whole", request().subarray(0, -1)],
    ["half of a line", Buffer.from("GET /chat")],
    ["another method", request({ first: "POST /chat HTTP/1.1" })],
    ["a method in lower case", request({ first: "get /chat HTTP/1.1" })],
    ["a method that begins like it", request({ first: "GETS /chat HTTP/1.1" })],
    ["an older version", request({ first: "GET /chat HTTP/1.0" })],
    ["no version", request({ first: "GET /chat" })],
    ["two spaces before the target", request({ first: "GET  /chat HTTP/1.1" })],
    ["a space in the target", request({ first: "GET /a b HTTP/1.1" })],
    ["a tab in the target", request({ first: "GET /a\tb HTTP/1.1" })],
    ["a target that is not ASCII", request({ first: "GET /\xe9 HTTP/1.1" })],
    ["a target with a host", request({ first: "GET http://a/ HTTP/1.1" })],
    ["something behind the version", request({ first: "GET / HTTP/1.1 " })],
    ["an empty line before it", Buffer.concat([Buffer.from("\r\n"), request()])],
    ["lines without a carriage return", Buffer.from(String(request()).replaceAll("\r", ""))],
    ["one line without a carriage return", having("A: b\nC: d")],
    ["a carriage return in a value", having("A: b\rC: d")],
    ["a line that is folded", having(" folded")],
    ["a line without a colon", having("nothing")],
    ["a colon behind the end only", request({ headers: [...lines, "nothing"], rest: ": b" })],
    ["a name with a space behind it", having("A : b")],
    ["a name that is empty", having(": b")],
    ["a value that is not ASCII", having("A: \xe9")],
    ["a NUL in a value", having("A: \0")],
    ["a length", having("Content-Length: 0")],
    ["a coding", having("transfer-encoding: chunked")],
    ["no Upgrade", request({ headers: lines.filter((line) => !line.startsWith("Upgrade")) })],
    ["another Upgrade", request({ headers: ["Upgrade: h2c", "Connection: Upgrade"] })],
    ["no Connection", request({ headers: ["Host: a", "Upgrade: websocket"] })],
    ["a Connection without it", request({ headers: ["Upgrade: websocket", "Connection: close"] })],
  ])("is left to a parser: %s", (_, bytes) => {
    expect(read(bytes)).toBeUndefined();
  });

  it("costs what its length costs", () => {
    for (const unit of ["\r\n", ":", " ", "a:\r\n", "a", "\r", "a: b\r\n", "\t \r\n"]) {
      const bytes = Buffer.from(`GET / HTTP/1.1\r\n${unit.repeat(65_536 / unit.length)}`);
      expect(fastest(() => readPlainUpgrade(bytes, 65_536))).toBeLessThan(20);
    }
  });
});

describe("what is read without a parser (RFC 9112)", () => {
  it("is what node:http reads of the same bytes", async () => {
    // Octets of a grammar, put into a request that is good, mostly where they hurt.
    const piece = fc.constantFrom(
      ..."\r\n|\r|\n|: |:| |\t|,|;|/|?|#|%|\0|\x7f|\xe9|A|z|0|HTTP/1.1|GET |Host: b\r\n".split("|"),
      "Content-Length: 1\r\n",
      "Upgrade: h2c\r\n",
      "X-A: b\r\n",
    );
    const spoilt = fc
      .tuple(fc.nat(request().length), fc.array(piece, { maxLength: 3 }), fc.nat(3))
      .map(([at, pieces, left]) => {
        const text = request().toString("latin1");
        const made = text.slice(0, at) + pieces.join("") + text.slice(at + left);
        return Buffer.from(made, "latin1");
      });
    let plain = 0;
    for (const bytes of fc.sample(spoilt, 1_500)) {
      const seen = read(bytes);
      if (seen === undefined) continue;
      plain += 1;
      expect({ bytes: bytes.toString("latin1"), ...(await parsed(bytes)) }).toEqual({
        bytes: bytes.toString("latin1"),
        ...seen,
      });
    }
    expect(plain).toBeGreaterThan(50);
  });
});

/** What the `upgrade` event of node:http tells of a connection that begins with these bytes. */
async function parsed(bytes: Buffer) {
  const server = createServer();
  const [near, far] = duplexPair();
  server.on("clientError", (error) => server.emit("upgrade", error));
  server.emit("connection", far);
  near.write(bytes);
  const [request, , head] = await once(server, "upgrade");
  if (request instanceof Error) return { refused: request.message };
  const { method, url, httpVersion, rawHeaders } = request;
  return { method, target: url, httpVersion, rawHeaders, head };
}
