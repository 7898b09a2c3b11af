import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { type Attached, attach, memoryLayer, silentLogger, WebSocketConsumer } from "sluice";
import { RawPeer } from "sluice/testing";
import { listen } from "../server/start.ts";

const waves = 5;
const clients = 2_000;
const mebibyte = 1024 * 1024;

/** How long the last ones of a wave may take to be gone, in milliseconds. */
const patience = 10_000;

/** Takes a while to connect, joins a group, echoes. */
class Swimmer extends WebSocketConsumer {
  static connected = 0;
  static disconnected = 0;

  override async connect() {
    Swimmer.connected++;
    await turn();
    await this.join("swimmers");
    await turn();
  }

  override receive(text: string) {
    this.send(text);
  }

  override async disconnect() {
    await turn();
    Swimmer.disconnected++;
  }
}

/** Sends a wave from a process of its own, and waits for its end. */
async function send(port: number): Promise<void> {
  const script = join(import.meta.dirname, "wave-client.mjs");
  const child = spawn(process.execPath, [script, String(port), String(clients)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let complaints = "";
  child.stderr.on("data", (chunk) => {
    complaints += String(chunk);
  });
  const [code] = (await once(child, "close")) as [number];
  expect({ code, complaints }).toEqual({ code: 0, complaints: "" });
}

/** The heap in bytes, when all garbage is gone. */
async function heap(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await turn();
    gc!();
  }
  return process.memoryUsage().heapUsed;
}

/** Everything that must not pile up, counted by name. */
function costs(server: Server, attached: Attached): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {
    connections: attached.connections,
    consumers: Swimmer.connected - Swimmer.disconnected,
    descriptors: readdirSync("/dev/fd").length,
  };
  for (const name of server.eventNames()) {
    counts[`listeners of ${String(name)}`] = server.listenerCount(name);
  }
  // Timers, sockets, …; the immediates are our own.
  for (const kind of process.getActiveResourcesInfo()) {
    if (kind !== "Immediate") counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

it("ten thousand clients that leave in every way there is leave nothing behind", async () => {
  const server = createServer();
  const attached = attach(server, {
    websocket: Swimmer,
    layer: memoryLayer(),
    log: silentLogger,
    limits: { pingInterval: 250, pingTimeout: 250, closeTimeout: 250 },
  });
  const port = await listen(server);
  const calm = costs(server, attached);
  const surplus = () =>
    Object.entries(costs(server, attached)).filter(([name, count]) => count > (calm[name] ?? 0));

  const heaps: number[] = [];
  // The first wave warms up: code is compiled, and pools are filled.
  for (let wave = 0; wave <= waves; wave++) {
    await send(port);
    const deadline = performance.now() + patience;
    while (surplus().length > 0 && performance.now() < deadline) await turn();
    expect(surplus()).toEqual([]);
    heaps.push(await heap());
  }

  expect(calm).toMatchObject({ connections: 0, consumers: 0 });
  expect(Swimmer.connected).toBeGreaterThan((waves * clients) / 2);
  const [warm = 0] = heaps;
  expect(heaps.at(-1)).toBeLessThan(warm * 1.05 + 2 * mebibyte);

  const peer = await RawPeer.open(port);
  await peer.send(1, "anybody here?");
  expect((await peer.frame()).payload.toString()).toBe("anybody here?");
  peer.socket.destroy();
  await attached.close();
  expect(server.listenerCount("upgrade")).toBe(0);
}, 180_000);
