import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { beforeAll, describe, expect, it } from "vitest";
import type { App } from "../../../benchmarks/app.ts";
import type { Load } from "../../../benchmarks/load.ts";
import type * as Measure from "../../../benchmarks/measure.ts";
import { generatorWasTheLimit } from "../../../benchmarks/report/remarks.ts";
import type { Program, Rival } from "../../../benchmarks/rivals/rival.ts";

const isLinux = existsSync("/proc/self/schedstat");

const app: App = {
  kind: "echo",
  handlers: "sync",
  compression: false,
  groups: 0,
  crowded: false,
  largest: 32,
};
const echo: Load = {
  kind: "echo",
  connections: 1,
  inFlight: 1,
  size: 32,
  content: "binary",
  deflate: "off",
  target: "/",
  headers: {},
};
const nowhere = { server: undefined, generator: undefined };

/** The bench as it runs: generator and servers are compiled programs. */
let snapshot: string;
let measure: typeof Measure.measure;

beforeAll(async () => {
  // A variable, so that the compiler does not look for types of a script.
  const scripts = join(import.meta.dirname, "../../../scripts/snapshot.mjs");
  const { ensureSnapshot } = (await import(scripts)) as { ensureSnapshot(): Promise<string> };
  snapshot = await ensureSnapshot();
  const compiled = join(snapshot, "benchmarks/measure.js");
  ({ measure } = (await import(compiled)) as typeof Measure);
});

/** A server of ws whose DEFLATE streams are stored blocks (RFC 1951 §3.2.4). */
const storedBlocks = `
  const { WebSocketServer } = require("ws");
  const perMessageDeflate = { threshold: 0, zlibDeflateOptions: { level: 0 } };
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate });
  server.on("connection", (peer) => {
    peer.on("error", () => {});
    peer.on("message", (data, binary) => peer.send(data, { binary }));
  });
  server.on("listening", () => console.log(server.address().port));
`;

function rival(name: string, change: Partial<Program>): Rival {
  const program: Program = {
    command: process.execPath,
    parameters: [],
    environment: {},
    dialect: "websocket",
    tellsMemory: false,
    ...change,
  };
  return { name, version: name, takesPart: () => true, program: () => program };
}

/** A server that uses a known amount of CPU time for each message. */
function burner(way: string, microseconds: number): Rival {
  const file = join(import.meta.dirname, "burner.mjs");
  return rival(way, { parameters: [file, way, String(microseconds)], dialect: "bytes" });
}

function server(name: string): Rival {
  return rival(name, {
    parameters: ["--expose-gc", join(snapshot, "benchmarks/servers", `${name}.js`)],
    tellsMemory: true,
  });
}

async function cpu(way: string, microseconds: number): Promise<number> {
  const times = { warmUp: 200, duration: 500 };
  return (await measure(burner(way, microseconds), { app, load: echo, ...times }, nowhere)).cpu;
}

describe.skipIf(!isLinux)("the CPU time of a message", () => {
  it.each(["JavaScript", "system", "thread"])(
    "is what the server used for it, in %s",
    async (way) => {
      const [little, much] = [await cpu(way, 500), await cpu(way, 2_500)];
      // The rest of an echo is in both.
      expect(Math.abs(much - little - 2_000)).toBeLessThan(200);
      expect(little).toBeGreaterThan(500);
      expect(little).toBeLessThan(1_000);
    },
  );
});

describe.skipIf(!isLinux)("a measurement", () => {
  const times = { warmUp: 50, duration: 100 };

  it("fails when a server sends something else than it got", async () => {
    const task = { app, load: echo, ...times };
    await expect(measure(burner("wrong", 0), task, nowhere)).rejects.toThrow("not what was sent");
  });

  it("fails when a server does not compress what it should", async () => {
    const load: Load = { ...echo, content: "json", size: 1_024, deflate: "context" };
    const task = { app: { ...app, largest: 1_024 }, load, ...times };
    await expect(measure(server("ws"), task, nowhere)).rejects.toThrow("no extension");
  });

  it("fails when what a server calls compressed is as long as before", async () => {
    const load: Load = { ...echo, content: "json", size: 1_024, deflate: "context" };
    const stored = rival("stored", { parameters: ["--eval", storedBlocks] });
    const task = { app: { ...app, largest: 1_024 }, load, ...times };
    await expect(measure(stored, task, nowhere)).rejects.toThrow("compressed replies have 10");
  });

  it("knows whether the generator was the limit", async () => {
    // The server needs one read and one write for thousands of messages, which the generator counts.
    const many: Load = { ...echo, connections: 2, inFlight: 8_192, size: 8 };
    // Where other tests take the cores the server may seem to need one: then it cannot be known.
    let wasLimit = false;
    for (let attempt = 0; attempt < 10 && !wasLimit; attempt += 1) {
      const cheap = await measure(burner("JavaScript", 0), { app, load: many, ...times }, nowhere);
      wasLimit = generatorWasTheLimit([cheap]);
    }
    expect(wasLimit).toBe(true);
    // It has work for longer than it is measured, even if the generator has to wait for its core.
    const few: Load = { ...echo, connections: 8, inFlight: 64 };
    const dear = await measure(burner("JavaScript", 500), { app, load: few, ...times }, nowhere);
    expect(generatorWasTheLimit([dear])).toBe(false);
  });

  it("says what was negotiated, and how long compressed messages are", async () => {
    const load: Load = { ...echo, content: "json", size: 1_024, deflate: "context" };
    const task = { app: { ...app, compression: true, largest: 1_024 }, load, ...times };
    for (const name of ["sluice", "ws"]) {
      const { extension, replySize } = await measure(server(name), task, nowhere);
      expect(extension).toMatch(/^permessage-deflate/);
      expect(replySize).toBeLessThan(800);
      expect(replySize).toBeGreaterThan(100);
    }
  });

  it("ends the server and the generator when a program does not listen", async () => {
    const broken = rival("broken", { parameters: ["--eval", "process.exit(3)"] });
    const task = { app, load: echo, ...times };
    await expect(measure(broken, task, nowhere)).rejects.toThrow("the server ended with 3");
  });

  it.each([
    ["sluice", "broadcast"],
    ["ws", "broadcast"],
    ["sluice", "groups"],
    ["ws", "groups"],
  ] as const)("of %s reaches every member: %s", async (name, kind) => {
    const load: Load =
      kind === "groups"
        ? { ...echo, connections: 3, content: "text", target: "/?index={index}" }
        : { ...echo, kind, connections: 20, inFlight: 20, senders: 5, content: "text" };
    const task = { app: { ...app, kind, groups: 4 }, load, ...times };
    const sample = await measure(server(name), task, nowhere);
    expect(sample.perSecond).toBeGreaterThan(0);
    expect(sample.p99).toBeGreaterThanOrEqual(sample.p50);
  });

  it("of open connections says what each holds", async () => {
    const load: Load = { ...echo, kind: "open", before: 20, connections: 200 };
    const { rss, heap, cpu } = await measure(server("sluice"), { app, load, ...times }, nowhere);
    expect(rss).toBeGreaterThan(500);
    expect(heap).toBeGreaterThan(500);
    expect(heap).toBeLessThan(20_000);
    expect(cpu).toBeGreaterThan(10);
  });
});
