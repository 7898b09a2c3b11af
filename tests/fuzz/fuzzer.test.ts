import { HandshakeError } from "sluice";
import {
  acceptDeflate,
  judgeDeflate,
  judgeHandshake,
  judgeOrigin,
  judgeResponse,
  Protocol,
} from "sluice/protocol";
import { afterAll, describe, expect, it } from "vitest";
import { agreedExtension, type MakeExtension } from "../../fuzz/agreed-extension.ts";
import { BlockCoverage } from "../../fuzz/block-coverage.ts";
import { Fuzzer } from "../../fuzz/fuzzer.ts";
import { Mutator } from "../../fuzz/mutator.ts";
import { latin1 } from "../../fuzz/octets.ts";
import { Random } from "../../fuzz/random.ts";
import type { Target } from "../../fuzz/target.ts";
import { deflate } from "../../fuzz/targets/deflate.ts";
import { extensions } from "../../fuzz/targets/extensions.ts";
import { frames } from "../../fuzz/targets/frames.ts";
import { inflate } from "../../fuzz/targets/inflate.ts";
import { origin } from "../../fuzz/targets/origin.ts";
import { path } from "../../fuzz/targets/path.ts";
import { request } from "../../fuzz/targets/request.ts";
import { response } from "../../fuzz/targets/response.ts";

const coverage = new BlockCoverage();
afterAll(() => coverage.stop());

/** A parser that loses what follows an octet that a chunk ends with. */
class Forgetful extends Protocol {
  override receive(chunk: Uint8Array): void {
    super.receive(chunk.at(-1) === 0x80 && chunk.length > 1 ? chunk.subarray(0, -1) : chunk);
  }
}

/** A parser that takes one octet of 16 for another, wherever it is. */
class Mistaken extends Protocol {
  override receive(chunk: Uint8Array): void {
    super.receive(chunk.map((octet) => (octet >> 4 === 0xb ? octet ^ 1 : octet)));
  }
}

/** A parser that keeps the memory of what never ended. */
class Hoarding extends Protocol {
  override dispose(): void {
    if (!this.partial) super.dispose();
  }
}

/** An inflater that takes one byte too many. */
const generous: MakeExtension = (...given) => {
  const extension = agreedExtension(...given);
  const decode = extension.decode.bind(extension);
  extension.decode = (payload, maxSize) => decode(payload, maxSize + 1);
  return extension;
};

/** A deflater that forgets the end of long messages. */
const cutting: MakeExtension = (...given) => {
  const extension = agreedExtension(...given);
  const encode = extension.encode.bind(extension);
  extension.encode = (payload) => encode(payload.subarray(0, 100));
  return extension;
};

const planted: readonly [fault: string, target: Target][] = [
  ["frames: the last octet of a chunk", frames((options) => new Forgetful(options))],
  ["frames: one octet of 16", frames((options) => new Mistaken(options))],
  ["frames: memory of unfinished messages", frames((options) => new Hoarding(options))],
  [
    "request: a throw",
    request((asked, limits) => {
      if (asked.rawHeaders.some((text) => text.includes("__proto__"))) throw new TypeError("oops");
      return judgeHandshake(asked, limits);
    }),
  ],
  [
    "request: the host of a header that came twice",
    request((asked, limits) => {
      const at = asked.rawHeaders.findIndex((text) => text.toLowerCase() === "host");
      const rawHeaders = asked.rawHeaders.filter(
        (text, i) => i % 2 === 1 || i <= at || text.toLowerCase() !== "host",
      );
      return judgeHandshake({ ...asked, rawHeaders }, limits);
    }),
  ],
  [
    "response: any subprotocol",
    response((answer, { key, extensions }) => {
      const subprotocols = answer.rawHeaders.map((text) => text.trim());
      return judgeResponse(answer, { key, extensions, subprotocols });
    }),
  ],
  [
    "extensions: a window larger than was asked for",
    extensions((offers, share) => {
      const agreement = acceptDeflate(offers, share);
      const parameters = agreement?.answer.parameters.map(
        ([name, value]) => [name, value === "9" ? "10" : value] as const,
      );
      return parameters && { ...agreement!, answer: { ...agreement!.answer, parameters } };
    }, judgeDeflate),
  ],
  ["inflate: one byte too many", inflate(generous)],
  ["deflate: the end of long messages", deflate(cutting)],
  [
    "path: a segment of dots that is decoded too late",
    path((asked) => {
      const judged = judgeHandshake(asked);
      return judged instanceof HandshakeError || !/%2E%2e/.test(asked.target)
        ? judged
        : { ...judged, path: decodeURIComponent(asked.target) };
    }),
  ],
  [
    "origin: a suffix without its dot",
    origin((policy, claim) => {
      const judged = judgeOrigin(policy, claim);
      return claim.origin?.endsWith("example.com") ? undefined : judged;
    }),
  ],
];

describe("the fuzzer", () => {
  it.each(planted)(
    "finds a planted fault and shrinks it: %s",
    (_, target) => {
      const fuzzer = new Fuzzer(target, coverage, 3);
      let finding = fuzzer.load(target.seeds);
      for (let step = 0; step < 100 && finding === undefined; step++) finding = fuzzer.step();
      expect(finding).toBeDefined();
      expect(() => target.run(finding!.input)).toThrow();
      expect(finding!.input.length).toBeLessThan(300);
    },
    120_000,
  );

  it("goes where coverage leads it: step by step through a lock", () => {
    // Nothing here is in protocol/, so outcomes are all there is to follow.
    const lock: Target = {
      name: "lock",
      seeds: [latin1("x")],
      dictionary: [],
      run(input) {
        const open = Array.from("key").findIndex(
          (letter, at) => input[at] !== letter.charCodeAt(0),
        );
        if (open === -1) throw new Error("it is open");
        return String(open);
      },
    };
    const fuzzer = new Fuzzer(lock, coverage, 1);
    let finding = fuzzer.load(lock.seeds);
    for (let step = 0; step < 1000 && finding === undefined; step++) finding = fuzzer.step();
    expect(finding && Buffer.from(finding.input).toString()).toBe("key");
    expect(fuzzer.executions).toBeLessThan(256 ** 2 * 2);
  });

  it("learns of blocks that only some octets reach, and keeps what reaches them", () => {
    const target = path();
    const fuzzer = new Fuzzer(target, coverage, 3);
    fuzzer.load(target.seeds.slice(0, 1));
    const [blocks, inputs] = [fuzzer.blocks, fuzzer.corpus.length];
    for (let step = 0; step < 3; step++) fuzzer.step();
    expect(fuzzer.blocks).toBeGreaterThan(blocks + 10);
    expect(fuzzer.corpus.length).toBeGreaterThan(inputs);
    const reached = fuzzer.blocks;
    fuzzer.minimise();
    // Fewer inputs show fewer blocks apart.
    expect(fuzzer.blocks).toBeGreaterThan(reached * 0.9);
  });

  it("tries the same inputs for the same seed, and others for another", () => {
    const mutants = (seed: number) => {
      const mutator = new Mutator(new Random(seed), [latin1("word")], 100);
      return Array.from({ length: 100 }, () =>
        Buffer.from(mutator.mutate(latin1("some input"), latin1("another"))).toString("hex"),
      );
    };
    expect(mutants(7)).toEqual(mutants(7));
    expect(mutants(7)).not.toEqual(mutants(8));
    expect(new Set(mutants(7)).size).toBeGreaterThan(90);
    expect(mutants(7).filter((mutant) => mutant.length > 200)).toEqual([]);
  });
});
