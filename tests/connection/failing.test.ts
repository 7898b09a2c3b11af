import { describe, expect, it } from "vitest";
import { Peer } from "./peer.ts";

describe("a peer that breaks the protocol (RFC 6455 §7.1.7)", () => {
  const limits = { maxMessageSize: 1_000 };
  const breaches: [what: string, bytes: (peer: Peer) => Buffer, told: string, code: number][] = [
    ["a frame without a mask", () => Buffer.from("8100", "hex"), "ERR_FRAME_MASK", 1002],
    ["a reserved bit", () => Buffer.from("c180", "hex"), "ERR_FRAME_RSV", 1002],
    ["a reserved opcode", () => Buffer.from("8380", "hex"), "ERR_FRAME_OPCODE", 1002],
    ["a fragment of nothing", (peer) => peer.frame(0x0, "x"), "ERR_FRAME_CONTINUATION", 1002],
    ["a text that is no UTF-8", (peer) => peer.frame(0x1, Buffer.of(0xff)), "ERR_TEXT_UTF8", 1007],
    ["a large message", (peer) => peer.text("x".repeat(1_001)), "ERR_MESSAGE_TOO_BIG", 1009],
    ["a close code that nobody sends", (peer) => peer.close(1005), "ERR_CLOSE_FRAME", 1002],
  ];

  it.each(breaches)("with %s gets a close frame that says so, then the end", (...breach) => {
    const [, bytes, told, code] = breach;
    const peer = new Peer({ limits });
    peer.send(bytes(peer));
    const [frame] = peer.frames();
    expect(frame!.opcode).toBe(0x8);
    expect(frame!.payload.readUInt16BE()).toBe(code);
    const reason = frame!.payload.toString("utf8", 2);
    expect(reason.length).toBeGreaterThan(5);
    expect(peer.told).toEqual([`fail ${told}`, `closed ${code} ${reason} unclean`]);
    expect(peer.transport.ended).toBe(true);
    expect(peer.transport.destroyed).toBe(false);
  });

  it("is destroyed when it does not end TCP within the close timeout", () => {
    const peer = new Peer({ limits: { closeTimeout: 5_000 } });
    peer.send(peer.frame(0x3));
    peer.clock.advance(4_900);
    expect(peer.transport.destroyed).toBe(false);
    peer.clock.advance(100);
    expect(peer.transport.destroyed).toBe(true);
    peer.leave();
    expect(peer.told.at(-1)).toBe("gone");
  });

  it("still gets the answers to what came before", () => {
    const peer = new Peer();
    peer.handler = (message) => peer.answer(message);
    peer.publish("news");
    peer.send(peer.text("one"), peer.ping("?"), peer.frame(0x3), peer.text("two"));
    expect(peer.received()).toEqual([
      "text news",
      "text one",
      "pong ?",
      "close 1002 reserved opcode 3",
    ]);
    expect(peer.told).toEqual([
      "text one",
      "fail ERR_FRAME_OPCODE",
      "closed 1002 reserved opcode 3 unclean",
    ]);
  });

  it("is not listened to any more", () => {
    const peer = new Peer();
    peer.send(peer.frame(0x3));
    peer.told.length = 0;
    peer.send(peer.text("hello"), peer.ping(), peer.close(1000));
    expect(peer.told).toEqual([]);
  });

  it("in the midst of our closing handshake does not get a second close frame", () => {
    const peer = new Peer();
    peer.connection.close(4000, "bye");
    peer.send(peer.frame(0x3));
    expect(peer.received()).toEqual(["close 4000 bye"]);
    expect(peer.told).toEqual(["fail ERR_FRAME_OPCODE", "closed 4000 bye unclean"]);
    expect(peer.transport.ended).toBe(true);
  });

  it("gets the close frame that waited behind an outbox", () => {
    const peer = new Peer();
    peer.transport.shut();
    peer.publish("first");
    peer.clock.endTurn();
    peer.publish("waits");
    peer.connection.close(4000, "bye");
    peer.send(peer.frame(0x3));
    expect(peer.transport.writes.at(-1)!.toString("latin1", 4)).toBe("bye");
    expect(peer.told).toEqual([
      "fail ERR_FRAME_OPCODE",
      "drop 5 closed",
      "closed 4000 bye unclean",
    ]);
  });

  it("as a server breaks it with a mask", () => {
    const peer = new Peer({ role: "client" });
    peer.send(Buffer.from("818000000000", "hex"));
    expect(peer.received()).toEqual(["close 1002 masked frame from a server"]);
    expect(peer.transport.ended).toBe(true);
  });
});

describe("fail()", () => {
  it("cuts a long reason to 123 bytes, between two characters (RFC 6455 §5.5)", () => {
    for (const reason of ["x".repeat(200), "€".repeat(100), "😀".repeat(100), "y😀".repeat(50)]) {
      const peer = new Peer();
      peer.connection.fail(1011, reason);
      const [frame] = peer.frames();
      const cut = frame!.payload.toString("utf8", 2);
      expect(frame!.payload.length).toBeLessThanOrEqual(125);
      expect(frame!.payload.length).toBeGreaterThan(120);
      expect(reason.startsWith(cut)).toBe(true);
    }
  });

  it("does nothing the second time, nor after the end", () => {
    const peer = new Peer();
    peer.connection.fail(1011, "first");
    peer.connection.fail(1013, "second");
    peer.leave();
    peer.connection.fail(1013, "third");
    expect(peer.received()).toEqual(["close 1011 first"]);
    expect(peer.told).toEqual(["closed 1011 first unclean", "gone"]);
  });
});

describe("unfinished messages (RFC 6455 §10.4)", () => {
  it("give their memory back when their connection fails, closes or is gone", () => {
    const ends: ((peer: Peer) => void)[] = [
      (peer) => peer.connection.fail(1011, "enough"),
      (peer) => peer.send(peer.close(1000)),
      (peer) => peer.leave(),
      (peer) => peer.send(peer.frame(0x3)),
    ];
    for (const end of ends) {
      const peer = new Peer();
      peer.send(peer.frame(0x1, "x".repeat(500), false));
      expect(peer.engine.budget.held).toBeGreaterThanOrEqual(500);
      end(peer);
      expect(peer.engine.budget.held).toBe(0);
    }
  });
});
