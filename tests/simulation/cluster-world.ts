import type { Questions } from "../../src/layers/cluster/letters.ts";
import type { Office } from "../../src/layers/cluster/office.ts";
import type { Port, PortListener } from "../../src/layers/cluster/port.ts";
import type { WorkerLayer } from "../../src/layers/cluster/worker-layer.ts";
import { parsePosition } from "../../src/layers/position.ts";
import type { AuditRules } from "./audit.ts";
import type { Note, SimNode } from "./client.ts";
import type { Parts } from "./parts.ts";
import type { SimProcess } from "./scheduler.ts";
import { Wire } from "./wire.ts";
import { type ActKind, World } from "./world.ts";

/** One worker, and the line that it has now. */
interface Worker extends SimNode {
  readonly layer: WorkerLayer;
  line: SimLine | undefined;
}

/** An office and its workers, whose lines are slow, stand still and are cut; workers are killed. */
export class ClusterWorld extends World {
  readonly #parts: Parts;
  readonly #office: Office;
  readonly #officeProcess: SimProcess;
  readonly #size: number;
  readonly #recover: number;
  readonly #ttl: number;
  readonly #delay: number;
  readonly #backlog: number | undefined;
  #workers: Worker[] = [];

  constructor(seed: number, parts: Parts) {
    super(seed);
    this.#parts = parts;
    const { random } = this;
    const isShort = random.happens(0.5);
    this.#size = isShort ? 3 + Math.floor(random.next() * 20) : 10_000;
    this.#ttl = isShort ? 15_000 : 1e9;
    this.#recover = random.happens(0.3) ? Math.floor(random.next() * 20) : this.#size;
    this.#delay = random.happens(0.3) ? 0 : random.next() * 100;
    this.#backlog = random.happens(0.3) ? 1_000 + Math.floor(random.next() * 4_000) : undefined;
    this.#officeProcess = this.process("office");
    this.#office = this.#open();
    this.groups.push("kept.a", "kept.b", "plain");
    const workers = 1 + Math.floor(random.next() * 3);
    for (let count = 0; count < workers; count += 1) this.#start();
    this.addClients(3, 5);
  }

  override get rules(): AuditRules {
    const holds = { size: this.#size, ttl: this.#ttl, recover: this.#recover };
    // What comes late may find that more was sent meanwhile, unless everything is held.
    const isHeld = this.#size === 10_000 && this.#recover === 10_000;
    return { isLossless: false, ...(isHeld ? { holds } : {}) };
  }

  protected override faults(): Record<string, ActKind> {
    const worker = (dice: number): Worker =>
      this.#workers[Math.floor(dice * this.#workers.length)]!;
    return {
      "cut a line": {
        weight: 2.5,
        perform: ([which, howLong]) => this.#cut(worker(which), howLong * 3_000),
      },
      "stop a line": {
        weight: 2.5,
        perform: ([which, howLong, where]) => {
          const { line, process } = worker(which);
          if (line === undefined) return;
          this.#fault(`${process.name} ${where < 0.5 ? "reads nothing" : "is not read"}`);
          const end = where < 0.5 ? line.here : line.there;
          end.stop();
          this.scheduler.after(howLong ** 2 * 15_000, () => end.goOn());
        },
      },
      "kill a worker": {
        weight: 1,
        perform: ([which]) => {
          const killed = worker(which);
          this.killNode(killed);
          killed.line?.cut();
          this.#workers = this.#workers.filter((other) => other !== killed);
          this.#start();
        },
      },
    };
  }

  protected override heal(): void {
    for (const { line } of this.#workers) {
      line?.here.goOn();
      line?.there.goOn();
    }
  }

  /** The office tells the oracle what it has numbered. */
  #open(): Office {
    const append = (group: string, note: Note, position: string | undefined): void => {
      const place = parsePosition(position);
      if (place === undefined || this.#appended.has(`${group} ${position}`)) return;
      this.#appended.add(`${group} ${position}`);
      this.oracle.note({ what: "append", group, number: note.number, ...place });
    };
    const { Office: OriginalOffice } = this.#parts.office;
    class WatchedOffice extends OriginalOffice {
      override groupSend(question: Questions["groupSend"]["ask"]): string | undefined {
        const position = super.groupSend(question);
        append(question.group, JSON.parse(String(question.data)) as Note, position);
        return position;
      }
    }
    return new WatchedOffice({
      clock: this.#officeProcess,
      ...(this.#backlog === undefined ? {} : { backlog: this.#backlog }),
    });
  }

  readonly #appended = new Set<string>();

  #start(): void {
    const process = this.process("worker");
    const layer = new this.#parts.worker.WorkerLayer({
      clock: process,
      onError: this.onError,
      timeout: 2_000,
      history: [
        {
          groups: "kept.*",
          size: this.#size,
          ttl: this.#ttl,
          recover: this.#recover,
          bytes: 1e8,
          idWindow: 1e6,
        },
      ],
    });
    const worker: Worker = { process, layer, line: undefined, leftovers: () => ({}) };
    this.#workers.push(worker);
    this.nodes = this.#workers;
    this.#connect(worker);
  }

  #connect(worker: Worker): void {
    if (worker.process.isDead) return;
    const line = new SimLine((arrive) => {
      return new Wire<string | undefined>(
        this.scheduler,
        this.random,
        { delay: this.#delay },
        arrive,
      );
    });
    worker.line = line;
    this.#office.connect(line.there);
    worker.layer.connect(line.here);
    line.here.owner = worker.process;
  }

  #cut(worker: Worker, duration: number): void {
    if (worker.line === undefined) return;
    this.#fault(`the line of ${worker.process.name} is cut`);
    worker.line.cut();
    worker.line = undefined;
    this.scheduler.after(duration, () => this.#connect(worker));
  }

  #fault(text: string): void {
    this.oracle.note({ what: "fault", text });
  }
}

/** The line between a worker and the office: two ports, and a wire each way. */
class SimLine {
  readonly here: SimPort;
  readonly there: SimPort;

  constructor(wire: (arrive: (text: string | undefined) => void) => Wire<string | undefined>) {
    const here: SimPort = new SimPort(wire((text) => there.arrive(text)));
    const there: SimPort = new SimPort(wire((text) => here.arrive(text)));
    this.here = here;
    this.there = there;
  }

  /** What is on its way is lost, and both ends learn of it. */
  cut(): void {
    this.here.cut();
    this.there.cut();
  }
}

/** One end of a line. Undefined on a wire is the end of it. */
class SimPort implements Port {
  readonly #wire: Wire<string | undefined>;
  #listener: PortListener | undefined;
  #held: (string | undefined)[] | undefined;
  /** Whose end it is, if that process may die. */
  owner: SimProcess | undefined;

  constructor(wire: Wire<string | undefined>) {
    this.#wire = wire;
  }

  send(message: unknown): void {
    if (this.owner?.isDead !== true) this.#wire.send(JSON.stringify(message));
  }

  listen(listener: PortListener): void {
    this.#listener = listener;
  }

  close(): void {
    this.#listener = undefined;
    this.#wire.send(undefined);
  }

  /** This end reads nothing more, for now. */
  stop(): void {
    this.#held ??= [];
  }

  goOn(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const text of held) this.arrive(text);
  }

  cut(): void {
    this.#wire.cut();
    this.#held = undefined;
    this.arrive(undefined);
  }

  arrive(text: string | undefined): void {
    if (this.#held !== undefined) return void this.#held.push(text);
    const listener = this.#listener;
    if (listener === undefined || this.owner?.isDead === true) return;
    if (text !== undefined) return listener.receive(JSON.parse(text));
    this.#listener = undefined;
    listener.closed();
  }
}
