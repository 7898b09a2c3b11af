import { describe, expect, it } from "vitest";
import { Peer } from "./peer.ts";

describe("answers to what came in one chunk", () => {
  it("leave in one write", () => {
    const peer = new Peer();
    peer.handler = (message) => peer.answer(`re: ${String(message)}`);
    const questions = Array.from({ length: 16 }, (_, i) => `question ${i}`);
    peer.send(...questions.map((text) => peer.text(text)));
    expect(peer.transport.writes).toHaveLength(1);
    expect(peer.received()).toEqual(questions.map((text) => `text re: ${text}`));
  });

  it("leave at once: nobody waits for the end of the turn", () => {
    const peer = new Peer();
    peer.handler = (message) => peer.answer(message);
    peer.send(peer.text("hello"));
    expect(peer.received()).toEqual(["text hello"]);
    expect(peer.clock.awaited).toBe(false);
  });

  it("leave together with the pongs, in the order of what they answer", () => {
    const peer = new Peer();
    peer.handler = (message) => peer.answer(message);
    peer.send(peer.text("one"), peer.ping("?"), peer.text("two"));
    expect(peer.transport.writes).toHaveLength(1);
    expect(peer.received()).toEqual(["text one", "pong ?", "text two"]);
  });

  it("leave in several writes when they are many, and none is larger than 64 KiB", () => {
    const peer = new Peer();
    const answer = "x".repeat(5_000);
    peer.handler = () => peer.answer(answer);
    peer.send(...Array.from({ length: 100 }, () => peer.text("more")));
    for (const bytes of peer.transport.writes) expect(bytes.length).toBeLessThanOrEqual(65_536);
    expect(peer.transport.writes.length).toBeLessThanOrEqual(10);
    expect(peer.received()).toHaveLength(100);
  });

  it("do not mix with those of another connection", () => {
    const peer = new Peer();
    const other = new Peer({ beside: peer });
    peer.handler = (message) => {
      peer.answer(`to you: ${String(message)}`);
      other.answer(`to another: ${String(message)}`);
    };
    peer.send(peer.text("one"), peer.text("two"));
    peer.clock.endTurn();
    expect(peer.received()).toEqual(["text to you: one", "text to you: two"]);
    expect(other.received()).toEqual(["text to another: one", "text to another: two"]);
  });
});

describe("answers of a handler that is still at work", () => {
  it("wait until it is done, and leave in one write", () => {
    const peer = new Peer();
    peer.handler = (message) => {
      peer.busy = true;
      peer.answer(message);
    };
    peer.send(peer.text("one"), peer.text("two"));
    expect(peer.transport.writes).toEqual([]);
    peer.answer("three");
    peer.busy = false;
    peer.connection.flush();
    expect(peer.received()).toEqual(["text one", "text two", "text three"]);
    expect(peer.transport.writes).toHaveLength(1);
    peer.clock.endTurn();
    expect(peer.transport.writes).toHaveLength(1);
  });

  it("wait no longer than to the end of the turn", () => {
    const peer = new Peer();
    peer.handler = (message) => {
      peer.busy = true;
      peer.answer(message);
    };
    peer.send(peer.text("one"));
    peer.clock.endTurn();
    expect(peer.received()).toEqual(["text one"]);
    peer.answer("two");
    expect(peer.transport.writes).toHaveLength(1);
    peer.clock.endTurn();
    expect(peer.received()).toEqual(["text two"]);
  });

  it("leave when another connection answers, which is in nobody's way", () => {
    const peer = new Peer();
    const other = new Peer({ beside: peer });
    peer.handler = (message) => {
      peer.busy = true;
      peer.answer(message);
    };
    other.handler = (message) => other.answer(message);
    peer.send(peer.text("one"));
    other.send(other.text("two"));
    expect(peer.received()).toEqual(["text one"]);
    expect(other.received()).toEqual(["text two"]);
  });

  it("can be flushed when there are none", () => {
    const peer = new Peer();
    peer.connection.flush();
    expect(peer.transport.writes).toEqual([]);
  });
});

describe("what is no answer", () => {
  it("leaves once a turn, in one write", () => {
    const peer = new Peer();
    for (const text of ["one", "two", "three"]) peer.publish(text);
    expect(peer.transport.writes).toEqual([]);
    peer.clock.endTurn();
    expect(peer.transport.writes).toHaveLength(1);
    peer.publish("four");
    peer.clock.endTurn();
    expect(peer.received()).toEqual(["text one", "text two", "text three", "text four"]);
    expect(peer.transport.writes).toHaveLength(2);
  });

  it("goes with an answer that comes after it, in one write and in order", () => {
    const peer = new Peer();
    peer.handler = (message) => peer.answer(message);
    peer.publish("news");
    peer.publish("more news");
    peer.send(peer.text("answer"));
    expect(peer.received()).toEqual(["text news", "text more news", "text answer"]);
    expect(peer.transport.writes).toHaveLength(1);
  });

  it("stays behind an answer that came before it", () => {
    const peer = new Peer();
    peer.handler = (message) => {
      peer.answer(message);
      peer.publish("news");
    };
    peer.send(peer.text("answer"));
    expect(peer.received()).toEqual(["text answer"]);
    peer.clock.endTurn();
    expect(peer.received()).toEqual(["text news"]);
  });

  it("is written for each member of a group, and framed for none twice", () => {
    const peer = new Peer();
    const members = [peer, ...Array.from({ length: 49 }, () => new Peer({ beside: peer }))];
    for (const member of members) member.publish("hello everybody");
    const frame = peer.engine.turn.after(undefined, "hello everybody").joined;
    peer.clock.endTurn();
    for (const member of members) {
      expect(member.transport.writes).toHaveLength(1);
      expect(member.transport.wire.equals(frame)).toBe(true);
    }
  });
});

describe("bufferedAmount", () => {
  it("counts what was sent, from the moment on in which it was sent", () => {
    const peer = new Peer();
    const seen: number[] = [];
    peer.handler = (message) => {
      peer.answer(message);
      seen.push(peer.connection.bufferedAmount);
    };
    peer.send(peer.text("12345678"), peer.text("12345678"));
    expect(seen).toEqual([10, 20]);
    expect(peer.connection.bufferedAmount).toBe(0);
    peer.publish("12345678");
    expect(peer.connection.bufferedAmount).toBe(10);
    peer.clock.endTurn();
    expect(peer.connection.bufferedAmount).toBe(0);
  });
});
