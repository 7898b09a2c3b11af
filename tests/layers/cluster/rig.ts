import { FakeClock } from "../../../src/testing/fake-clock.ts";
import { WorkerLayer, type WorkerLayerOptions } from "../../../src/layers/cluster/worker-layer.ts";
import { Office, type OfficeOptions } from "../../../src/layers/cluster/office.ts";
import { type Port, type PortListener, portPair } from "../../../src/layers/cluster/port.ts";

/** The rules that the checks of the contract ask for. */
export const rules = {
  capacity: 7,
  expiry: 1_000,
  history: [{ groups: "kept.*", size: 10, ttl: 20_000, idWindow: 15_000 }],
} as const;

/** One end of a line between processes: carries what JSON can, and can be stopped and cut. */
export class TestPort implements Port {
  readonly #inner: Port;
  #listener: PortListener | undefined;
  #held: unknown[] | undefined;
  /** The longest message that came, in characters. */
  longest = 0;
  /** How many messages came. */
  received = 0;

  constructor(inner: Port) {
    this.#inner = inner;
  }

  send(message: unknown): void {
    this.#inner.send(JSON.stringify(message));
  }

  listen(listener: PortListener): void {
    this.#listener = listener;
    this.#inner.listen({
      receive: (message) => {
        this.received += 1;
        this.longest = Math.max(this.longest, (message as string).length);
        if (this.#held === undefined) listener.receive(JSON.parse(message as string));
        else this.#held.push(message);
      },
      closed: () => listener.closed(),
    });
  }

  close(): void {
    this.#inner.close();
  }

  /** This end reads nothing more, as a process does that was stopped. */
  stop(): void {
    this.#held ??= [];
  }

  /** It reads on. */
  goOn(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const message of held) this.#listener?.receive(JSON.parse(message as string));
  }

  /** Both ends learn that the other one is gone. */
  cut(): void {
    this.#inner.close();
    this.#listener?.closed();
  }
}

/** The two ends of a line. */
export interface TestLine {
  /** The worker's end. */
  readonly port: TestPort;
  /** The office's end. */
  readonly far: TestPort;
}

/** A worker of an office, and its line. */
export interface TestWorker extends TestLine {
  readonly layer: WorkerLayer;
}

/** An office and workers in one process, on a clock that the test turns. */
export class Rig {
  readonly clock: FakeClock = new FakeClock();
  readonly office: Office;

  /** The lease is long, unless the test is about it: the clock's jumps are no silence. */
  constructor(options: OfficeOptions = {}) {
    this.office = new Office({ lease: 10_000_000, clock: this.clock, ...options });
  }

  /** A worker, connected. */
  worker(options: WorkerLayerOptions = {}): TestWorker {
    const layer = new WorkerLayer({ ...rules, clock: this.clock, ...options });
    return { layer, ...this.connect(layer) };
  }

  /** Gives a worker a new line. */
  connect(layer: WorkerLayer): TestLine {
    const [here, there] = portPair();
    const [port, far] = [new TestPort(here), new TestPort(there)];
    this.office.connect(far);
    layer.connect(port);
    return { port, far };
  }
}

/** Resolves when everything that was posted has come, and what was answered to it. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when `condition` stops throwing. */
export async function eventually(condition: () => void): Promise<void> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    try {
      return condition();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
