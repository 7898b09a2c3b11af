import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { runInNewContext } from "node:vm";
import * as sluice from "sluice";
import {
  diagnosticNames,
  errorCodes,
  JsonWebSocketConsumer,
  memoryLayer,
  type Server,
} from "sluice";
import * as clusters from "sluice/layers/cluster";
import * as protocol from "sluice/protocol";
import * as testing from "sluice/testing";
import { RawPeer, recorder, upgradeRequest } from "sluice/testing";
import { WebSocket } from "undici";
import { describe, expect, it, vi } from "vitest";
import { defaultServerLimits } from "../../src/server/options.ts";
import { SocketClient } from "../middleware/socket-client.ts";
import { channelsItems, leftOut, notYet, traps } from "./channels-items.ts";
import { Snippets } from "./snippet.ts";

const snippets = new Snippets("docs/from-django-channels.md");

/** The rows of a section's table. */
function rows(heading: string): { name: string; ours: string; why: string }[] {
  const lines = snippets
    .section(heading)
    .split("\n")
    .filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) => {
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    expect(cells, line).toHaveLength(5);
    const [, name = "", ours = "", why = ""] = cells;
    return { name: name.replaceAll("`", ""), ours, why };
  });
}

const sections = Object.keys(channelsItems);
const all = sections.flatMap(rows);

function namesOf(which: (row: (typeof all)[number]) => boolean): string[] {
  return all.filter(which).map(({ name }) => name);
}

describe("the map from Django Channels", () => {
  it.each(sections)("has a row for every item of: %s", (section) => {
    expect(rows(section).map(({ name }) => name)).toEqual(channelsItems[section]);
  });

  it("has all its tables in the list, and no item twice", () => {
    const lines = snippets.text.split("\n").filter((line) => line.startsWith("| "));
    expect(lines).toHaveLength(all.length + 2 * sections.length);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  it("has no empty cell", () => {
    for (const { name, ours, why } of all) {
      expect([name, ours, why].map((cell) => cell.length > 0, name)).toEqual([true, true, true]);
      expect(why, name).toMatch(/\.$/);
    }
  });

  it("leaves out what it is meant to leave out, and says why", () => {
    expect(namesOf(({ ours }) => ours.includes("**Left out**"))).toEqual(leftOut);
    expect(namesOf(({ ours }) => ours.includes("**Not yet**"))).toEqual(notYet);
    for (const { name, why } of all.filter((row) => leftOut.includes(row.name))) {
      expect(why.length, name).toBeGreaterThan(15);
    }
  });

  it("names the traps of Channels where ours differs", () => {
    expect(namesOf(({ why }) => why.includes("*Trap:*"))).toEqual(traps);
  });

  it("shows every part of the tutorial on both sides", () => {
    const tutorial = snippets.text.split("## Every part of Channels")[0]!;
    expect(tutorial.match(/^```python$/gm)).toHaveLength(8);
    expect(tutorial.match(/^```ts$/gm)).toHaveLength(8);
  });
});

describe("what the map says of sluice is there", () => {
  const code = all.flatMap(({ ours, why }) => [...`${ours} ${why}`.matchAll(/`([^`]+)`/g)]);
  const words = code.map(([, text]) => text!);
  const found = (pattern: RegExp, among: readonly string[] = words) => [
    ...new Set(among.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1]!))),
  ];

  it("the errors and the diagnostics channels", () => {
    expect(found(/\b(ERR_\w+)/g).length).toBeGreaterThan(10);
    expect(Object.keys(errorCodes)).toEqual(expect.arrayContaining(found(/\b(ERR_\w+)/g)));
    expect(diagnosticNames).toEqual(expect.arrayContaining(found(/^(sluice:[\w.]+)$/g)));
  });

  it("the limits", () => {
    const limits = found(/^limits\.(\w+)/g);
    expect(limits.length).toBeGreaterThan(5);
    expect(Object.keys(defaultServerLimits)).toEqual(expect.arrayContaining(limits));
  });

  it("the members of a consumer and of a layer", () => {
    const members = found(/\bthis\.(\w+)/g);
    expect(members.length).toBeGreaterThan(10);
    for (const name of members) expect(name in JsonWebSocketConsumer.prototype, name).toBe(true);
    for (const name of found(/\bstatic (\w+)/g))
      expect(name in JsonWebSocketConsumer, name).toBe(true);
    const layer = memoryLayer();
    for (const name of found(/\blayer\.(\w+)/g)) expect(name in layer, name).toBe(true);
  });

  it("the functions", () => {
    const ours = all.flatMap((row) =>
      [...row.ours.matchAll(/`([^`]+)`/g)].map(([, text]) => text!),
    );
    const functions = found(/^([a-z]\w*)(?:<\w+>)?\(/gi, ours);
    expect(functions.length).toBeGreaterThan(20);
    const homes: object[] = [sluice, protocol, clusters, testing, recorder()];
    homes.push(JsonWebSocketConsumer.prototype, testing.Communicator.prototype);
    for (const name of functions)
      expect(
        homes.some((home) => name in home),
        name,
      ).toBe(true);
  });
});

describe("ours, beside the tutorial's", () => {
  /** How the server answers a handshake. */
  async function statusOf(server: Server, path: string): Promise<number> {
    const peer = await RawPeer.connect(server.port);
    await peer.write(upgradeRequest(path));
    const { status } = await peer.response();
    peer.finish();
    return status;
  }

  it("the raw server shakes hands and answers frames of every length, also a byte at a time", async () => {
    const server = await snippets.run<HttpServer>("The raw server");
    const { port } = server.address() as AddressInfo;
    const peer = await RawPeer.connect(port);
    // The key and its answer in RFC 6455 §1.3.
    await peer.write(upgradeRequest("/", { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==" }));
    const { status, headers } = await peer.response();
    expect([status, headers.get("sec-websocket-accept")]).toEqual([
      101,
      "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    ]);
    for (const size of [0, 125, 126, 65_536]) {
      await peer.send(1, "好".repeat(size));
      expect((await peer.frame()).payload.toString()).toBe(`got ${"好".repeat(size)}`);
    }
    const sink = vi.fn() as never;
    const client = new protocol.Protocol({ role: "client", sink });
    await peer.write(client.text("in pieces"), 1);
    expect((await peer.frame()).payload.toString()).toBe("got in pieces");
    await peer.send(9, "still there?");
    expect(await peer.frame()).toMatchObject({ opcode: 10, payload: Buffer.from("still there?") });
    await peer.write(client.close(4000));
    expect((await peer.frame()).payload.readUInt16BE()).toBe(4000);
    await peer.end();
    const stranger = await RawPeer.connect(port);
    await stranger.write(upgradeRequest("/", { "Sec-WebSocket-Key": "short" }));
    expect((await stranger.response()).status).toBe(400);
    await stranger.end();
  });

  it("the settings' layer carries a request over HTTP to every socket", async () => {
    const server = await snippets.run<Server>("Settings");
    const one = await SocketClient.open(`${server.url}/news/`, "");
    const two = await SocketClient.open(`${server.url}/news/`, "");
    expect(await (await fetch(`${server.url}/weather`)).text()).toBe("said\n");
    expect(await one.next()).toBe("somebody asked for /weather");
    expect(await two.next()).toBe("somebody asked for /weather");
  });

  it("the routes lead to a task, by text, by regular expression and through another router", async () => {
    const server = await snippets.run<Server>("Routing");
    for (const path of ["/deploy/online/7/", "/old/7/", "/admin/deploy/7/"]) {
      const client = await SocketClient.open(server.url + path, "");
      client.send("which one?");
      expect(await client.next(), path).toBe("task 7");
    }
    expect(await statusOf(server, "/deploy/online/seven/")).toBe(404);
    expect(await statusOf(server, "/deploy/online/7")).toBe(404);
    expect(await statusOf(server, "/old/7/more/")).toBe(404);
  });

  it("the first style: what one says, all hear", async () => {
    const server = await snippets.run<Server>("The first style: the messages as they are");
    const [one, two, three] = await chatters(server);
    one.send("hello");
    expect(await Promise.all([one, two, three].map((each) => each.next()))).toEqual(
      Array(3).fill("hello"),
    );
    three.close();
    await three.closed;
    two.send("still here");
    expect([await one.next(), await two.next()]).toEqual(["still here", "still here"]);
    expect(await statusOf(server, "/x2/")).toBe(404);
  });

  it("the second style: the same, and the others hear who leaves", async () => {
    const server = await snippets.run<Server>("The second style: hooks");
    const [one, two, three] = await chatters(server);
    two.send("你好");
    expect(await Promise.all([one, two, three].map((each) => each.next()))).toEqual(
      Array(3).fill("你好"),
    );
    three.close();
    expect([await one.next(), await two.next()]).toEqual(["somebody left", "somebody left"]);
  });

  it("one to one: every message is answered, a farewell closes, and bytes are refused", async () => {
    const server = await snippets.run<Server>("One to one");
    const client = await SocketClient.open(`${server.url}/echo/`, "");
    for (const text of ["hello", ""]) {
      client.send(text);
      expect(await client.next()).toBe("收到了");
    }
    client.send("bye");
    expect(await client.closed).toEqual([1000, ""]);
    const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const peer = await RawPeer.open(server.port, "/echo/");
    await peer.send(2, "bytes");
    expect((await peer.frame()).payload.readUInt16BE()).toBe(1003);
    expect(stderr).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('"consumer":"Echo"'));
    stderr.mockRestore();
    peer.reset();
  });

  it("the session version knows who logged in over HTTP, saves, and ends with the session", async () => {
    const server = await snippets.run<Server>("The session version");
    const path = "/deploy/online/7/";
    expect(await statusOf(server, path)).toBe(401);
    const login = await fetch(`${server.url}/login/alice`, { method: "POST" });
    const cookie = login.headers.get("set-cookie")!.split(";")[0]!;
    const first = await SocketClient.open(server.url + path, cookie);
    expect(await first.next()).toBe("alice, task 7, visit 1");
    const second = await SocketClient.open(server.url + path, cookie);
    expect(await second.next()).toBe("alice, task 7, visit 2");
    await fetch(`${server.url}/logout`, { method: "POST", headers: { cookie } });
    expect((await first.closed)[0]).toBe(4510);
    expect((await second.closed)[0]).toBe(4510);
    await expect(SocketClient.open(server.url + path, cookie)).rejects.toThrow();
  });

  it("the page chats, and what others say stays text", async () => {
    const server = await snippets.run<Server>("The page");
    const html = await (await fetch(server.url)).text();
    const page = new Page(html, server.url);
    await vi.waitFor(() => expect(page.element("tips").textContent).toBe("连接成功"));
    const other = await SocketClient.open(`${server.url}/x1/`, "");
    page.element("txt").value = "你好";
    page.element("form").onsubmit({ preventDefault() {} });
    expect(page.element("txt").value).toBe("");
    expect(await other.next()).toBe("你好");
    other.send("<img src=x onerror=alert(1)>");
    const content = page.element("content").children;
    await vi.waitFor(() => expect(content).toHaveLength(2));
    expect(content.map(({ textContent }) => textContent)).toEqual([
      "你好",
      "<img src=x onerror=alert(1)>",
    ]);
    expect(html).not.toContain("innerHTML");
    await server.close({ timeout: 0 });
    await vi.waitFor(() => expect(page.element("tips").textContent).toBe("连接断开"));
  });

  it("server-sent events: HTTP hears what a socket says", async () => {
    const server = await snippets.run<Server>("Server-sent events");
    const stop = new AbortController();
    const response = await fetch(server.url, { signal: stop.signal });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const speaker = await SocketClient.open(server.url, "");
    speaker.send("extra!");
    expect((await reader.read()).value).toBe('data: "extra!"\n\n');
    stop.abort();
  });

  async function chatters(server: Server): Promise<[SocketClient, SocketClient, SocketClient]> {
    const open = () => SocketClient.open(`${server.url}/x1/`, "");
    return [await open(), await open(), await open()];
  }
});

/** As much of a browser as the page's script needs. */
class Page {
  readonly #elements = new Map<string, PageElement>();

  constructor(html: string, origin: string) {
    const [, script = ""] = /<script>([^]*)<\/script>/.exec(html) ?? [];
    for (const [, id] of html.matchAll(/ id="(\w+)"/g)) this.#elements.set(id!, new PageElement());
    const document = {
      getElementById: (id: string) => this.#elements.get(id),
      createElement: () => new PageElement(),
    };
    runInNewContext(script, { document, location: { origin }, WebSocket });
  }

  element(id: string): PageElement {
    return this.#elements.get(id)!;
  }
}

class PageElement {
  textContent = "";
  value = "";
  readonly children: PageElement[] = [];
  onsubmit: (event: { preventDefault(): void }) => void = () => {};

  append(child: PageElement): void {
    this.children.push(child);
  }
}
