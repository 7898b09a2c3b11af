import { describe, expect, it } from "vitest";
import { type Demand, answerOffers, offerAll, readAnswer } from "../../compliance/compression.ts";

const plain: Demand = { noContextTakeover: false };
const alone: Demand = { noContextTakeover: true };
const narrow: Demand = { noContextTakeover: false, windowBits: 9 };
const both: Demand = { noContextTakeover: true, windowBits: 9 };

describe("the tester's offers (RFC 7692 §7.1)", () => {
  it("leave the server its choice about the client's window", () => {
    expect(offerAll([plain])).toBe("permessage-deflate; client_max_window_bits");
  });

  it("stand in the order of the demands", () => {
    expect(offerAll([both, plain])).toBe(
      "permessage-deflate; client_max_window_bits=9; client_no_context_takeover; " +
        "server_no_context_takeover; server_max_window_bits=9, " +
        "permessage-deflate; client_max_window_bits",
    );
  });

  it.each([
    ["permessage-deflate", [plain], { peer: [false, 15], tester: [false, 15] }],
    [
      "permessage-deflate; server_no_context_takeover",
      [alone],
      { peer: [true, 15], tester: [true, 15] },
    ],
    [
      "permessage-deflate;server_max_window_bits=8",
      [narrow],
      { peer: [false, 8], tester: [false, 9] },
    ],
    [
      'permessage-deflate; client_max_window_bits="10"',
      [plain],
      { peer: [false, 15], tester: [false, 10] },
    ],
    ["permessage-deflate", [both, alone, plain], { peer: [false, 15], tester: [false, 15] }],
    // Nobody has asked, but a server may promise it all the same.
    [
      "permessage-deflate; server_no_context_takeover; server_max_window_bits=12",
      [plain],
      { peer: [true, 12], tester: [false, 15] },
    ],
  ])("are answered with %s", (answer, demands, { peer, tester }) => {
    expect(readAnswer(answer, demands)).toEqual({ peer: bounds(peer), tester: bounds(tester) });
  });

  it("may be declined", () => {
    expect(readAnswer(undefined, [plain])).toBeUndefined();
  });

  it.each([
    ["permessage-deflate", [alone]],
    ["permessage-deflate", [narrow]],
    ["permessage-deflate; server_max_window_bits=10", [narrow]],
    ["permessage-deflate; server_max_window_bits=16", [plain]],
    ["permessage-deflate; server_max_window_bits=08", [plain]],
    ["permessage-deflate; server_max_window_bits", [plain]],
    ["permessage-deflate; client_no_context_takeover=1", [plain]],
    ["permessage-deflate; client_max_window_bits=9; client_max_window_bits=9", [plain]],
    ["permessage-deflate; level=9", [plain]],
    ["permessage-deflate, permessage-deflate", [plain]],
  ])("must not be answered with %s", (answer, demands) => {
    expect(() => readAnswer(answer, demands)).toThrow();
  });
});

describe("the tester's answers (RFC 7692 §7.1)", () => {
  it.each([
    ["permessage-deflate", [plain], "permessage-deflate"],
    [
      "permessage-deflate",
      [alone],
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    ],
    [
      "permessage-deflate; client_max_window_bits",
      [narrow],
      "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9",
    ],
    [
      "permessage-deflate; server_no_context_takeover; server_max_window_bits=11",
      [plain],
      "permessage-deflate; server_no_context_takeover; server_max_window_bits=11",
    ],
    ["x, permessage-deflate", [both, plain], "permessage-deflate"],
  ])("to %s", (offers, demands, answer) => {
    expect(answerOffers(offers, demands)?.header).toBe(answer);
  });

  it.each([
    ["no offer", undefined, [plain]],
    ["another extension", "x-deflate", [plain]],
    ["a client that does not mention its window", "permessage-deflate", [narrow]],
  ])("are none to %s", (_what, offers, demands) => {
    expect(answerOffers(offers, demands)).toBeUndefined();
  });

  it("say of both sides what they are bound to", () => {
    const offer = "permessage-deflate; client_max_window_bits=12; server_max_window_bits=11";
    const demand = { noContextTakeover: false, windowBits: 15 };
    expect(answerOffers(offer, [demand])?.agreement).toEqual({
      peer: bounds([false, 12]),
      tester: bounds([false, 11]),
    });
  });
});

function bounds([noContextTakeover, windowBits]: readonly (boolean | number)[]): object {
  return { noContextTakeover, windowBits };
}
