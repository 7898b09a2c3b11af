import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { type Application, attach, type Scope, type ServeOptions } from "sluice";
import { type Lines, request, status } from "./request.ts";
import { listen, start } from "./start.ts";

/** What a connection with these lines is known as; the status, if it is refused. */
async function known(
  lines: Lines,
  options: Partial<ServeOptions> = {},
): Promise<Pick<Scope, "client" | "secure"> | number> {
  let scope: Scope | undefined;
  const websocket: Application = (its) => {
    scope = its;
    return {};
  };
  const { port } = await start({ websocket, ...options });
  const code = await status(port, request(lines));
  return scope === undefined ? code : { client: scope.client, secure: scope.secure };
}

const trustProxy = ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"];

describe("what a proxy says of its client", () => {
  const told = {
    "X-Forwarded-For": "192.0.2.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "good.com",
    Origin: "https://good.com",
  };

  it("is believed from an address that is trusted", async () => {
    expect(await known(told, { trustProxy })).toEqual({
      client: { address: "192.0.2.7", port: 0 },
      secure: true,
    });
  });

  it.each([
    ["nobody", undefined],
    ["another address", ["127.0.0.2"]],
    ["another network", ["10.0.0.0/8"]],
  ])("is not believed where %s is trusted", async (_, others) => {
    const options = others === undefined ? {} : { trustProxy: others };
    expect(await known(told, options)).toBe(403);
    expect(await known({ ...told, Origin: [] }, options)).toMatchObject({
      client: { address: "127.0.0.1", port: expect.any(Number) as number },
      secure: false,
    });
  });

  it("may be nothing: then the proxy itself is the client", async () => {
    const scope = await known({}, { trustProxy });
    expect(scope).toMatchObject({ client: { address: "127.0.0.1" }, secure: false });
    expect((scope as Scope).client.port).toBeGreaterThan(0);
  });

  it.each([
    ["one client", ["192.0.2.7"], "192.0.2.7"],
    ["a client behind a proxy that we trust", ["192.0.2.7, 10.1.2.3"], "192.0.2.7"],
    ["a client behind two of them, in two lines", ["192.0.2.7", "10.1.2.3, 10.0.0.1"], "192.0.2.7"],
    ["a client that pretends to be another", ["203.0.113.1, 192.0.2.7"], "192.0.2.7"],
    [
      "a client that pretends to be a proxy of ours",
      ["203.0.113.1, 10.0.0.1, 192.0.2.7"],
      "192.0.2.7",
    ],
    ["only proxies of ours", ["10.0.0.2, 10.0.0.1"], "10.0.0.2"],
    ["a port beside the address", ["192.0.2.7:4711"], "192.0.2.7"],
    ["an address of IPv6", ["2001:db9::7"], "2001:db9::7"],
    ["an address of IPv6 with a port", ["[2001:db9::7]:4711"], "2001:db9::7"],
    ["a proxy of ours with IPv6", ["192.0.2.7, 2001:db8::1"], "192.0.2.7"],
    ["nobody that can be named", ["unknown"], "unknown"],
    ["a name behind one that cannot be", ["192.0.2.7, unknown"], "unknown"],
    ["nothing", [""], "127.0.0.1"],
    ["commas", [", ,192.0.2.7,,"], "192.0.2.7"],
  ])("names %s in X-Forwarded-For", async (_, values, address) => {
    expect(await known({ "X-Forwarded-For": values }, { trustProxy })).toMatchObject({
      client: { address },
    });
  });

  it.each([
    [["https"], true],
    [["HTTPS"], true],
    [["wss"], true],
    [["http"], false],
    [["ws"], false],
    [["http, https"], true],
    [["https, http"], false],
    [["https", "http"], false],
    [["yes"], false],
  ])("says %j in X-Forwarded-Proto", async (values, secure) => {
    expect(await known({ "X-Forwarded-Proto": values }, { trustProxy })).toMatchObject({ secure });
  });

  it.each([
    [
      "the host and the scheme that the client asked for",
      "good.com",
      "https",
      "https://good.com",
      true,
    ],
    ["its port", "good.com:8443", "https", "https://good.com:8443", true],
    ["another page's host", "good.com", "https", "https://evil.com", false],
    ["another scheme", "good.com", "http", "https://good.com", false],
    ["several hosts: the last one counts", "evil.com, good.com", "https", "https://good.com", true],
    ["a host that is none", "good.com/..", "https", "https://good.com", false],
  ])("governs the same-host rule: %s", async (_, host, proto, Origin, allowed) => {
    const lines = { "X-Forwarded-Host": host, "X-Forwarded-Proto": proto, Origin };
    const scope = await known(lines, { trustProxy });
    expect(scope !== 403).toBe(allowed);
  });

  it("is believed over a socket that maps IPv4 into IPv6, too", async () => {
    const server = createServer();
    const clients: Scope["client"][] = [];
    const websocket: Application = (scope) => {
      clients.push(scope.client);
      return {};
    };
    attach(server, { websocket, trustProxy: ["127.0.0.0/8"] });
    const port = await listen(server, "::");
    expect(await status(port, request({ "X-Forwarded-For": "192.0.2.7" }))).toBe(101);
    expect(clients).toEqual([{ address: "192.0.2.7", port: 0 }]);
  });
});
