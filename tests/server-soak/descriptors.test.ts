import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { RawPeer } from "sluice/testing";
import { expect, it, onTestFinished, vi } from "vitest";

const root = join(import.meta.dirname, "../..");

/** How many descriptors the server gets, of which its modules need some at first, and how many clients come. */
const descriptors = 160;
const clients = 170;

interface Line {
  readonly port?: number;
  readonly dropped?: number;
  readonly logged?: string;
}

/** Starts the server, and collects the lines that it prints. */
async function starved(): Promise<{ readonly port: number; readonly lines: readonly Line[] }> {
  await promisify(execFile)(process.execPath, [join(root, "scripts/build.mjs")]);
  const script = join(import.meta.dirname, "starved-server.mjs");
  const command = `ulimit -n ${descriptors}; exec "$0" "$@"`;
  const server = spawn("sh", ["-c", command, process.execPath, script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(async () => {
    const ended = once(server, "close");
    server.kill("SIGKILL");
    await ended;
  });
  const lines: Line[] = [];
  createInterface(server.stdout).on("line", (line) => lines.push(JSON.parse(line) as Line));
  const port = await vi.waitFor(() => {
    expect(lines[0]?.port).toBeDefined();
    return lines[0]!.port!;
  }, 10_000);
  return { port, lines };
}

it.runIf(process.platform === "linux")(
  "a server with few file descriptors tells of each client that it drops, and keeps the others",
  async () => {
    const { port, lines } = await starved();
    const peers = await Promise.all(
      Array.from({ length: clients }, () => RawPeer.open(port).catch(() => undefined)),
    );
    const inside = peers.filter((peer) => peer !== undefined);
    onTestFinished(() => {
      for (const { socket } of inside) socket.destroy();
    });
    expect(inside.length).toBeGreaterThan(10);
    await vi.waitFor(() => {
      const dropped = lines.filter((line) => line.dropped !== undefined);
      expect(dropped).toHaveLength(clients - inside.length);
      expect(dropped[0]).toEqual({ dropped: inside.length });
    }, 10_000);
    expect(lines.filter(({ logged }) => logged !== undefined)).toEqual([
      { logged: "connections are dropped: there are no file descriptors left" },
    ]);

    const [first] = inside as [RawPeer];
    await first.send(0x1, "still here");
    expect((await first.frame()).payload.toString()).toBe("still here");

    // One that leaves makes room for another.
    first.socket.destroy();
    await vi.waitFor(async () => {
      const late = await RawPeer.open(port);
      late.socket.destroy();
    }, 10_000);
  },
);
