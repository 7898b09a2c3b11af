import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame } from "../../compliance/frame.ts";
import { Peer } from "./peer.ts";

/** Message sizes around every border: one slot of the slab, the slab, what is written at once. */
const size = fc.oneof(
  { weight: 8, arbitrary: fc.nat(300) },
  { weight: 1, arbitrary: fc.constantFrom(5_400, 5_500, 16_370, 20_000, 66_000) },
);

const who = fc.nat(1);
const action = fc.oneof(
  {
    weight: 2,
    // A handler is called and answers some times, with group messages in between.
    arbitrary: fc.record({
      does: fc.constant("receive" as const),
      who,
      sends: fc.array(fc.record({ answer: fc.boolean(), size }), { maxLength: 3 }),
      ping: fc.boolean(),
      busy: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constantFrom("publish", "answer late"), who, size }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constantFrom("full", "drain", "ping", "handler is done", "await drained"),
      who,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant("take" as const), who, count: fc.nat(40_000) }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("end of turn" as const) }) },
);

type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

describe("bytes on the wire", () => {
  it("are the messages in the order in which they were sent, whatever happens in between", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60, size: "max" }), (actions) => {
        const desk = new Desk("server");
        for (const act of actions) desk.do(act);
        desk.settle();
        desk.check();
      }),
      { numRuns: 500 },
    );
  });

  it("are so for a client, which masks", () => {
    const small = (act: Action) => !("size" in act) || act.size < 1_000;
    fc.assert(
      fc.property(fc.array(action.filter(small), { maxLength: 60 }), (actions) => {
        const desk = new Desk("client");
        for (const act of actions) desk.do(act);
        desk.settle();
        desk.check();
      }),
    );
  });

  it("keep a group message before the one that was sent when a ping had filled the transport", () => {
    const peer = new Peer();
    peer.publish("first");
    peer.transport.shut();
    peer.connection.ping();
    peer.publish("second");
    peer.transport.take();
    peer.clock.endTurn();
    expect(peer.received()).toEqual(["ping", "text first", "text second"]);
  });

  it("keep a group message before the one that was sent when a pong had filled the transport", () => {
    const peer = new Peer();
    peer.publish("first");
    peer.transport.shut();
    peer.send(peer.ping("?"));
    peer.answer("second");
    peer.transport.take();
    peer.clock.endTurn();
    expect(peer.received()).toEqual(["pong ?", "text first", "text second"]);
  });
});

/** Two connections that share a slab and a turn, with what each was given to send. */
class Desk {
  readonly #peers: readonly [Peer, Peer];
  readonly #sent: readonly [string[], string[]] = [[], []];
  #number = 0;

  constructor(role: "client" | "server") {
    const limits = { outboxSize: 1e9 };
    const first = new Peer({ role, limits });
    this.#peers = [first, new Peer({ role, limits, beside: first })];
  }

  do(act: Action): void {
    if (act.does === "end of turn") return this.#peers[0].clock.endTurn();
    const peer = this.#peers[act.who]!;
    switch (act.does) {
      case "receive":
        peer.busy = act.busy;
        peer.handler = () => {
          for (const each of act.sends) this.#send(act.who, each.size, each.answer);
        };
        peer.send(peer.text("question"), ...(act.ping ? [peer.ping("?")] : []), peer.text("?"));
        return;
      case "publish":
        return this.#send(act.who, act.size, false);
      case "answer late":
        return this.#send(act.who, act.size, true);
      case "handler is done":
        peer.busy = false;
        return peer.connection.flush();
      case "full":
        return peer.transport.shut();
      case "take":
        return peer.transport.take(act.count);
      case "drain":
        return peer.transport.take();
      case "await drained":
        return void peer.connection.drained();
      case "ping":
        return peer.connection.ping();
    }
  }

  /** Lets everything through. */
  settle(): void {
    this.#peers[0].clock.endTurn();
    for (const peer of this.#peers) peer.transport.take();
    this.#peers[0].clock.endTurn();
  }

  check(): void {
    for (const [i, peer] of this.#peers.entries()) {
      expect(peer.frames().filter(isMessage).map(inBrief)).toEqual(this.#sent[i]);
      expect(peer.connection.bufferedAmount).toBe(0);
      expect(peer.told.filter((word) => !word.startsWith("text"))).toEqual([]);
    }
  }

  #send(index: number, length: number, answer: boolean): void {
    const number = ++this.#number;
    const text = `${number}:`.padEnd(length, "é");
    // Every third message is binary, and every fifth is one that both get.
    const data = number % 3 === 0 ? Buffer.from(text) : text;
    for (const i of number % 5 === 0 ? [0, 1] : [index]) {
      this.#peers[i]!.connection.send(data, undefined, answer);
      const opcode = typeof data === "string" ? 1 : 2;
      this.#sent[i]!.push(`${opcode} ${number}: ${Buffer.byteLength(text)}`);
    }
  }
}

function isMessage({ opcode }: Frame): boolean {
  return opcode < 0x8;
}

function inBrief({ opcode, payload }: Frame): string {
  const number = payload.toString("latin1", 0, payload.indexOf(":") + 1);
  return `${opcode} ${number} ${payload.length}`;
}
