import { describe, expect, it } from "vitest";
import { FrameReader } from "../../src/protocol/frame-reader.ts";
import type { Role } from "../../src/protocol/opcode.ts";
import { Calls, oneByOne, roles } from "./protocol-calls.ts";
import { close, continuation, octets, ping, text, unfinished } from "./protocol-octets.ts";

/** A reader whose listener wants nothing more after each message, until it says so. */
function holding(role: Role) {
  const sink = new Calls();
  const reader = new FrameReader({ role, sink });
  sink.onText = (message) => {
    Calls.prototype.onText.call(sink, message);
    reader.hold();
  };
  return { sink, reader };
}

const frames = [
  text("a"),
  text(""),
  unfinished(text("b")),
  ping(),
  continuation("c"),
  text("d"),
  close(1000),
];
/** What is heard each time that the reader goes on. */
const portions = [["text a"], ["text "], ["ping ", "text bc"], ["text d"], ["close 1000 "]];

describe("a listener that wants nothing more for now (RFC 6455 §6.2)", () => {
  it.each(roles)("is told of nothing after that message, and later of all the rest: %s", (role) => {
    const { sink, reader } = holding(role);
    reader.receive(octets(role, ...frames));
    for (const portion of portions) {
      expect(sink.lines.splice(0)).toEqual(portion);
      reader.release();
    }
    expect(sink.lines).toEqual([]);
  });

  it.each(roles)("loses nothing that comes while it waits, cut anywhere: %s", (role) => {
    const wire = octets(role, ...frames);
    for (const chunks of [
      oneByOne(wire),
      ...Array.from(wire, (_, cut) => [wire.subarray(0, cut), wire.subarray(cut)]),
    ]) {
      const { sink, reader } = holding(role);
      for (const chunk of chunks) reader.receive(Buffer.from(chunk));
      for (const portion of portions) {
        expect(sink.lines.splice(0)).toEqual(portion);
        reader.release();
      }
    }
  });

  it.each(roles)("is told of everything once, however often it asks: %s", (role) => {
    const { sink, reader } = holding(role);
    reader.release();
    reader.receive(octets(role, text("a"), text("b")));
    for (let i = 0; i < 3; i++) reader.release();
    reader.receive(octets(role, text("c")));
    expect(sink.lines).toEqual(["text a", "text b", "text c"]);
  });

  it.each(roles)("may change its mind within the call: %s", (role) => {
    const sink = new Calls();
    const reader = new FrameReader({ role, sink });
    sink.onPing = () => {
      reader.hold();
      reader.release();
    };
    reader.receive(octets(role, ping(), text("a")));
    expect(sink.lines).toEqual(["text a"]);
  });

  it.each(roles)("is told of nothing once the reader was disposed of: %s", (role) => {
    const { sink, reader } = holding(role);
    reader.receive(octets(role, text("a"), text("b")));
    reader.dispose();
    reader.receive(octets(role, text("c")));
    reader.release();
    expect(sink.lines).toEqual(["text a"]);
  });
});
