import { setImmediate as turn } from "node:timers/promises";
import { route, router, serve, silentLogger, WebSocketConsumer } from "sluice";
import { RawPeer, recorder, upgradeRequest } from "sluice/testing";
import { expect, it, onTestFinished, vi } from "vitest";

const mebibyte = 1024 * 1024;
const never = new Promise<never>(() => {});
const text = 0x1;

/** Joins a group, then does what its class is for; counts that every coming has its parting. */
abstract class Faulty extends WebSocketConsumer {
  static entered = 0;
  static parted = 0;

  override async connect(): Promise<unknown> {
    Faulty.entered++;
    await this.join("faulty");
    return this.fault("connect");
  }

  override receive(): void | Promise<unknown> {
    return this.fault("receive");
  }

  override disconnect(): void | Promise<unknown> {
    Faulty.parted++;
    return this.fault("disconnect");
  }

  protected abstract fault(at: "connect" | "receive" | "disconnect"): void | Promise<unknown>;
}

function failing(at: string, fault: () => void | Promise<unknown>) {
  return class extends Faulty {
    protected fault(where: string): void | Promise<unknown> {
      return where === at ? fault() : undefined;
    }
  };
}

function bug(): never {
  throw new Error("bug");
}

/** The faults, and how a peer meets them. */
const faults = {
  "hangs-in-connect": failing("connect", () => never),
  "hangs-in-receive": failing("receive", () => never),
  "hangs-in-disconnect": failing("disconnect", () => never),
  "throws-in-connect": failing("connect", bug),
  "throws-in-receive": failing("receive", bug),
  "throws-in-disconnect": failing("disconnect", bug),
  "waits-a-turn-in-connect": failing("connect", () => turn()),
};

it("every fault of a handler, whenever the peer leaves, costs nothing in the end", async () => {
  const layer = recorder();
  const server = await serve({
    websocket: router(
      Object.entries(faults).map(([name, consumer]) => route(`/${name}/`, consumer)),
    ),
    port: 0,
    layer,
    log: silentLogger,
    limits: { connectTimeout: 500, disconnectTimeout: 300, closeTimeout: 500 },
  });
  onTestFinished(() => server.close({ timeout: 0 }));

  /** One peer for each fault: it resets at once, after its handshake, or after a message. */
  async function visit(stay: number): Promise<void> {
    await Promise.all(
      Object.keys(faults).map(async (name) => {
        const peer = await RawPeer.connect(server.port);
        await peer.write(upgradeRequest(`/${name}/`));
        if (stay > 0) await peer.response().catch(() => {});
        if (stay > 1 && !peer.ended) await peer.send(text, "go").catch(() => {});
        if (stay > 2) await turn();
        peer.reset();
      }),
    );
  }

  async function round(): Promise<number> {
    await Promise.all(Array.from({ length: 60 }, (_, index) => visit(index % 4)));
    await vi.waitFor(
      () => {
        expect(Faulty.parted).toBe(Faulty.entered);
        expect(server.connections).toBe(0);
        expect(layer.groups).toEqual([]);
      },
      { timeout: 10_000, interval: 50 },
    );
    layer.forget();
    for (let i = 0; i < 3; i++) {
      await turn();
      gc!();
    }
    return process.memoryUsage().heapUsed;
  }

  await round();
  const warm = await round();
  const later = await round();
  expect(Faulty.entered).toBeGreaterThan(500);
  expect(later).toBeLessThan(warm * 1.05 + 2 * mebibyte);
}, 120_000);
