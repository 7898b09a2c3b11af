import { describe, expect, it } from "vitest";
import { Pause } from "../../src/connection/connection.ts";
import { UsageError } from "../../src/errors.ts";
import { Peer } from "./peer.ts";

const limits = { closeTimeout: 5_000 };

describe("the closing handshake that we start (RFC 6455 §7.1.2)", () => {
  it("is complete with the peer's answer; then the server ends TCP", () => {
    const peer = new Peer({ limits });
    peer.connection.close(4321, "bye");
    expect(peer.received()).toEqual(["close 4321 bye"]);
    expect(peer.told).toEqual([]);
    expect(peer.transport.ended).toBe(false);
    peer.send(peer.close(4321));
    expect(peer.told).toEqual(["closed 4321 bye clean"]);
    expect(peer.transport.ended).toBe(true);
    peer.leave();
    expect(peer.told).toEqual(["closed 4321 bye clean", "gone"]);
  });

  it("may have no code, which is 1005", () => {
    const peer = new Peer({ limits });
    peer.connection.close();
    expect(peer.received()).toEqual(["close"]);
    peer.send(peer.close());
    expect(peer.told).toEqual(["closed 1005 clean"]);
  });

  it("goes out behind everything that was sent before, in one turn or many", () => {
    const peer = new Peer({ limits });
    peer.handler = () => {
      peer.publish("news");
      peer.answer("answer");
      peer.publish("more news");
      peer.connection.close(1000);
      peer.publish("too late");
    };
    peer.send(peer.text("go"));
    peer.clock.endTurn();
    expect(peer.received()).toEqual(["text news", "text answer", "text more news", "close 1000"]);
    expect(peer.told).toEqual(["text go", "drop 8 closed"]);
  });

  it("goes out behind an outbox that waits, and once", () => {
    const peer = new Peer({ limits });
    peer.transport.shut();
    peer.publish("first");
    peer.clock.endTurn();
    for (const text of ["one", "two"]) peer.publish(text);
    peer.connection.close(1000, "bye");
    peer.connection.close(4000);
    peer.transport.take(7);
    expect(peer.received()).toEqual(["text first"]);
    peer.transport.take();
    peer.transport.shut();
    peer.transport.take();
    expect(peer.received()).toEqual(["text one", "text two", "close 1000 bye"]);
  });

  it("counts once however often it is started; the first code holds", () => {
    const peer = new Peer({ limits });
    peer.connection.close(1000);
    peer.connection.close(4000, "again");
    peer.send(peer.close(1000));
    peer.connection.close(4000);
    expect(peer.received()).toEqual(["close 1000"]);
    expect(peer.told).toEqual(["closed 1000 clean"]);
  });

  it("lets no message through to the application any more, but answers pings", () => {
    const peer = new Peer({ limits });
    peer.connection.close(1000);
    peer.send(peer.text("late"), peer.ping("?"), peer.frame(0x2, "late"), peer.close(1000));
    expect(peer.told).toEqual(["closed 1000 clean"]);
    expect(peer.received()).toEqual(["close 1000", "pong ?"]);
  });

  it("is given up after the close timeout: the transport is destroyed", () => {
    const peer = new Peer({ limits });
    peer.connection.close(1000);
    peer.clock.advance(4_900);
    expect(peer.transport.destroyed).toBe(false);
    peer.clock.advance(100);
    expect(peer.transport.destroyed).toBe(true);
    expect(peer.told).toEqual(["closed 1000 unclean"]);
  });

  it("waits for a slow reader as long as it takes something in each close timeout", () => {
    const peer = new Peer({ limits });
    peer.transport.shut();
    peer.publish("first");
    peer.clock.endTurn();
    for (let i = 0; i < 5; i++) peer.publish("x".repeat(70_000));
    peer.connection.close(1000);
    for (let i = 0; i < 5; i++) {
      peer.clock.advance(4_900);
      peer.transport.take(70_010);
    }
    peer.transport.take();
    expect(peer.received()).toHaveLength(7);
    peer.clock.advance(4_900);
    expect(peer.transport.destroyed).toBe(false);
    peer.clock.advance(100);
    expect(peer.transport.destroyed).toBe(true);
  });
});

describe("the closing handshake that the peer starts (RFC 6455 §5.5.1)", () => {
  it("is answered with its code, then the server ends TCP", () => {
    const peer = new Peer({ limits });
    peer.send(peer.close(4321, "bye"));
    expect(peer.received()).toEqual(["close 4321"]);
    expect(peer.told).toEqual(["closed 4321 bye clean"]);
    expect(peer.transport.ended).toBe(true);
  });

  it("is answered without a code when it has none", () => {
    const peer = new Peer({ limits });
    peer.send(peer.close());
    expect(peer.received()).toEqual(["close"]);
    expect(peer.told).toEqual(["closed 1005 clean"]);
  });

  it("is answered behind the answers to what came before it", () => {
    const peer = new Peer({ limits });
    peer.handler = (message) => peer.answer(message);
    peer.publish("news");
    peer.send(peer.text("one"), peer.ping("?"), peer.close(1000));
    expect(peer.received()).toEqual(["text news", "text one", "pong ?", "close 1000"]);
  });

  it("makes what comes after its close frame go unheard", () => {
    const peer = new Peer({ limits });
    peer.send(peer.close(1000), peer.text("late"), peer.ping(), peer.close(4000));
    peer.send(peer.text("later"), Buffer.from("this is no frame"));
    expect(peer.told).toEqual(["closed 1000 clean"]);
    expect(peer.received()).toEqual(["close 1000"]);
  });

  it("lets the transport be destroyed when TCP does not end within the close timeout", () => {
    const peer = new Peer({ limits });
    peer.send(peer.close(1000));
    peer.clock.advance(4_900);
    expect(peer.transport.destroyed).toBe(false);
    peer.clock.advance(100);
    expect(peer.transport.destroyed).toBe(true);
    expect(peer.told).toEqual(["closed 1000 clean"]);
  });

  it("overtakes messages that wait", () => {
    const peer = new Peer({ limits });
    peer.transport.shut();
    peer.publish("first");
    peer.clock.endTurn();
    peer.publish("waits");
    peer.send(peer.close(1000));
    peer.transport.take();
    expect(peer.received()).toEqual(["text first", "close 1000"]);
  });
});

describe("closing handshakes that meet (RFC 6455 §7.1.3)", () => {
  it("are complete when both have sent their frame; ours was first for us", () => {
    const peer = new Peer({ limits });
    peer.connection.close(4001, "ours");
    peer.send(peer.close(4002, "theirs"));
    expect(peer.received()).toEqual(["close 4001 ours"]);
    expect(peer.told).toEqual(["closed 4001 ours clean"]);
  });

  it("are complete when ours still waited behind an outbox", () => {
    const peer = new Peer({ limits });
    peer.transport.shut();
    peer.publish("first");
    peer.clock.endTurn();
    peer.publish("waits");
    peer.connection.close(4001, "ours");
    peer.send(peer.close(4002, "theirs"));
    expect(peer.told).toEqual(["drop 5 closed", "closed 4001 ours clean"]);
    expect(peer.transport.writes.at(-1)!.toString("latin1", 4)).toBe("ours");
    expect(peer.transport.writes).toHaveLength(2);
  });
});

describe("the end of TCP (RFC 6455 §7.1.1)", () => {
  it("without a close frame is 1006 and unclean, and is answered with our end", () => {
    const peer = new Peer({ limits });
    peer.finish();
    expect(peer.told).toEqual(["closed 1006 unclean"]);
    expect(peer.transport.ended).toBe(true);
    expect(peer.received()).toEqual([]);
    peer.leave();
    expect(peer.told).toEqual(["closed 1006 unclean", "gone"]);
  });

  it("comes behind all that the peer said before, though that is held back", () => {
    const peer = new Peer({ limits });
    peer.connection.pause(Pause.mailbox);
    peer.send(peer.text("one"), peer.text("two"), peer.close(1000));
    peer.finish();
    expect(peer.told).toEqual([]);
    peer.handler = () => peer.connection.pause(Pause.mailbox);
    peer.connection.resume(Pause.mailbox);
    expect(peer.told).toEqual(["text one"]);
    peer.connection.resume(Pause.mailbox);
    expect(peer.told).toEqual(["text one", "text two"]);
    peer.connection.resume(Pause.mailbox);
    expect(peer.told).toEqual(["text one", "text two", "closed 1000 clean"]);
    expect(peer.transport.ended).toBe(true);
  });

  it("is unclean without a close frame among what was held back", () => {
    const peer = new Peer({ limits });
    peer.connection.pause(Pause.application);
    peer.send(peer.text("one"));
    peer.finish();
    peer.connection.resume(Pause.application);
    expect(peer.told).toEqual(["text one", "closed 1006 unclean"]);
  });

  it("lets out what was sent in this turn", () => {
    const peer = new Peer({ limits });
    peer.publish("news");
    peer.finish();
    peer.clock.endTurn();
    expect(peer.received()).toEqual(["text news"]);
  });

  it("in the midst of our closing handshake is our code, but unclean", () => {
    const peer = new Peer({ limits });
    peer.connection.close(1000, "bye");
    peer.finish();
    expect(peer.told).toEqual(["closed 1000 bye unclean"]);
  });

  it("is left to the server by a client, which then ends its half as well", () => {
    const peer = new Peer({ role: "client", limits });
    peer.send(peer.close(1000));
    expect(peer.received()).toEqual(["close 1000"]);
    expect(peer.told).toEqual(["closed 1000 clean"]);
    expect(peer.transport.ended).toBe(false);
    peer.finish();
    expect(peer.transport.ended).toBe(true);
    expect(peer.transport.destroyed).toBe(false);
  });

  it("is waited for by a client no longer than the close timeout", () => {
    const peer = new Peer({ role: "client", limits });
    peer.connection.close(1000);
    peer.send(peer.close(1000));
    expect(peer.transport.ended).toBe(false);
    peer.clock.advance(5_000);
    expect(peer.transport.destroyed).toBe(true);
    expect(peer.told).toEqual(["closed 1000 clean"]);
  });

  it("as a break-down is 1006", () => {
    const peer = new Peer({ limits });
    peer.leave();
    expect(peer.told).toEqual(["closed 1006 unclean", "gone"]);
  });

  it("comes at once when the connection is destroyed", () => {
    const peer = new Peer({ limits });
    peer.connection.destroy();
    expect(peer.transport.destroyed).toBe(true);
    expect(peer.told).toEqual(["closed 1006 unclean"]);
    peer.leave();
    expect(peer.told).toEqual(["closed 1006 unclean", "gone"]);
  });
});

describe("close() (RFC 6455 §7.4)", () => {
  const mistakes: [code: number | undefined, reason: string][] = [
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, -1, 1000.5, NaN].map(
      (code): [number, string] => [code, ""],
    ),
    [undefined, "a reason without a code"],
    [1000, "x".repeat(124)],
    [1000, "é".repeat(62)],
  ];
  it.each(mistakes)("throws for code %s with reason %j, and changes nothing", (code, reason) => {
    const peer = new Peer({ limits });
    expect(() => peer.connection.close(code, reason)).toThrow(UsageError);
    peer.handler = (message) => peer.answer(message);
    peer.send(peer.text("hello"));
    expect(peer.received()).toEqual(["text hello"]);
    peer.connection.close(1000);
    expect(peer.received()).toEqual(["close 1000"]);
  });

  it("takes a reason of 123 bytes", () => {
    const peer = new Peer({ limits });
    peer.connection.close(4999, `${"é".repeat(61)}.`);
    expect(peer.received()).toEqual([`close 4999 ${"é".repeat(61)}.`]);
  });

  it("throws for a mistake after the end, too: it is one all the same", () => {
    const peer = new Peer({ limits });
    peer.leave();
    expect(() => peer.connection.close(1006)).toThrow(UsageError);
  });
});
