import { parsePosition } from "../../src/layers/position.ts";
import type { AuditRules } from "./audit.ts";
import type { SimNode } from "./client.ts";
import type { Sent } from "./oracle.ts";
import type { Parts } from "./parts.ts";
import { type ActKind, World } from "./world.ts";

/** One node with the memory layer, which may be killed and started anew: then its histories are gone. */
export class MemoryWorld extends World {
  readonly #parts: Parts;
  readonly #size: number;
  readonly #recover: number;
  /** What all histories may hold; or that is no bound, and the audit knows what is held. */
  readonly #bytes: number | undefined;
  readonly #ttl = 20_000;

  constructor(seed: number, parts: Parts) {
    super(seed);
    this.#parts = parts;
    const { random } = this;
    this.#size = 2 + Math.floor(random.next() * 30);
    this.#recover = random.happens(0.7) ? this.#size : Math.floor(random.next() * this.#size);
    this.#bytes = random.happens(0.3) ? 4_000 + Math.floor(random.next() * 8_000) : undefined;
    this.groups.push("kept.a", "kept.b", "plain");
    if (random.happens(0.3)) this.groups.push("kept.c", "kept.d");
    this.#start();
    this.addClients(3, 6);
  }

  override get rules(): AuditRules {
    const held = { size: this.#size, ttl: this.#ttl, recover: this.#recover };
    return { isLossless: true, ...(this.#bytes === undefined ? { holds: held } : {}) };
  }

  protected override faults(): Record<string, ActKind> {
    return {
      "kill the node": {
        weight: this.seed % 3 === 0 ? 0.7 : 0,
        perform: () => {
          this.killNode(this.nodes[0]!);
          this.#start();
        },
      },
    };
  }

  protected override heal(): void {}

  protected override onSent({ group, number }: Sent, position: string | undefined): void {
    const place = parsePosition(position);
    if (place === undefined || position === undefined) return;
    const key = `${group} ${position}`;
    // A message that was sent again has the position of the first time.
    if (this.#appended.has(key)) return;
    this.#appended.add(key);
    this.oracle.note({ what: "append", group, number, ...place });
  }

  readonly #appended = new Set<string>();

  #start(): void {
    const process = this.process("node");
    const layer = this.#parts.memory.memoryLayer({
      clock: process,
      onError: this.onError,
      history: [
        {
          groups: "kept.*",
          size: this.#size,
          ttl: this.#ttl,
          recover: this.#recover,
          bytes: 1e6,
          idWindow: 25_000,
        },
      ],
      ...(this.#bytes === undefined ? {} : { historyBytes: this.#bytes }),
    });
    const node: SimNode = { process, layer, leftovers: () => ({ timers: process.timers }) };
    this.nodes = [node];
  }
}
