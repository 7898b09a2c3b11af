import { existsSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Case, Event, Step, Write } from "../../compliance/case.ts";
import { frame } from "../../compliance/steps.ts";

/**
 * Where the facts of the public suite lie: in the file that `CONFORMANCE_CASES` names, or else as
 * `conformance/cases.json` in a folder beside this repository. Nowhere, for most people.
 */
export function findPublicCases(): string | undefined {
  const named = process.env["CONFORMANCE_CASES"];
  if (named) return named;
  const beside = fileURLToPath(new URL("../../..", import.meta.url));
  return readdirSync(beside)
    .map((folder) => `${beside}${folder}/conformance/cases.json`)
    .find((file) => existsSync(file));
}

/** Reads the facts of the public suite into our own form. Their prose stays behind. */
export function readPublicCases(file: string): Omit<Case, "title">[] {
  const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: PublicCase[] };
  return cases.map((each) => ({
    id: each.id,
    steps: each.steps.flatMap(steps),
    expected: each.behaviours.OK.map(event),
    ...(each.behaviours["NON-STRICT"] && { tolerated: each.behaviours["NON-STRICT"].map(event) }),
    ...(each.behaviours.INFORMATIONAL && { informational: true }),
    close: {
      by: each.expectedClose.initiator,
      codes: [...new Set(each.expectedClose.codes)],
      clean: each.expectedClose.requireClean,
      ...(each.expectedClose.wrongInitiatorFailsCase && { decisive: "initiator" }),
      ...(each.expectedClose.wrongCodeFailsCase && { decisive: "code" }),
    },
    end:
      "closeAfterSeconds" in each.end
        ? { action: "close", seconds: each.end.closeAfterSeconds }
        : { action: "fail", seconds: each.end.failConnectionAfterSeconds },
  }));
}

interface PublicCase {
  id: string;
  steps: PublicStep[];
  behaviours: { OK: PublicEvent[]; "NON-STRICT"?: PublicEvent[]; INFORMATIONAL: boolean };
  expectedClose: {
    initiator: "tester" | "peer";
    codes: number[];
    requireClean: boolean;
    wrongInitiatorFailsCase: boolean;
    wrongCodeFailsCase: boolean;
  };
  end: { closeAfterSeconds: number } | { failConnectionAfterSeconds: number };
}

type Octets = { text: string } | { hex: string } | { repeat: Octets; length: number };

interface PublicFrame {
  opcode: number;
  fin: boolean;
  rsv: number;
  payload: Octets;
  write: "coalesce" | "flush-after-frame" | { chop: number };
}

type PublicStep =
  | { frame: PublicFrame }
  | { message: { opcode: number; payload: Octets; fragmentSize: number } }
  | { frameStart: { opcode: number; fin: boolean; rsv: number; length: number } }
  | { frameData: Octets }
  | { close: { payload: Octets } | { code: number | null; reason?: Octets } }
  | { pause: number; event?: [kind: "timeout", mark: string] }
  | { note: string };

type PublicEvent =
  | [kind: "message", type: "text" | "binary", payload: Octets]
  | [kind: "ping" | "pong", payload: Octets]
  | [kind: "timeout", mark: string];

function octets(given: Octets): Buffer {
  if ("text" in given) return Buffer.from(given.text);
  if ("hex" in given) return Buffer.from(given.hex, "hex");
  return Buffer.alloc(given.length, octets(given.repeat));
}

function event(given: PublicEvent): Event {
  if (given[0] === "message") return { kind: given[1], payload: octets(given[2]) };
  if (given[0] === "timeout") return { kind: "pause", payload: Buffer.from(given[1]) };
  return { kind: given[0], payload: octets(given[1]) };
}

function steps(given: PublicStep): Step[] {
  if ("frame" in given) {
    const { opcode, fin, rsv, payload, write } = given.frame;
    const how: Write = write === "flush-after-frame" ? "flush" : write;
    return [{ do: "frame", frame: { opcode, fin, rsv, payload: octets(payload) }, write: how }];
  }
  if ("frameStart" in given) {
    const { length, ...frame } = given.frameStart;
    return [{ do: "head", frame, length }];
  }
  if ("frameData" in given) return [{ do: "piece", payload: octets(given.frameData) }];
  if ("close" in given) return [{ do: "close", payload: closePayload(given.close) }];
  if ("pause" in given) {
    return [{ do: "pause", seconds: given.pause, ...(given.event && { mark: given.event[1] }) }];
  }
  if ("message" in given) return message(given.message);
  return [];
}

function closePayload(
  given: { payload: Octets } | { code: number | null; reason?: Octets },
): Buffer {
  if ("payload" in given) return octets(given.payload);
  if (given.code === null) return Buffer.alloc(0);
  const code = Buffer.alloc(2);
  code.writeUInt16BE(given.code);
  return Buffer.concat([code, octets(given.reason ?? { text: "" })]);
}

/** A message that is longer than its fragments: it ends with less than a whole one, maybe nothing. */
function message(given: { opcode: number; payload: Octets; fragmentSize: number }): Step[] {
  const { opcode, fragmentSize: size } = given;
  let rest = octets(given.payload);
  const frames = [frame(opcode, rest.subarray(0, size), { fin: false })];
  for (rest = rest.subarray(size); rest.length >= size; rest = rest.subarray(size)) {
    frames.push(frame(0, rest.subarray(0, size), { fin: false }));
  }
  return [...frames, frame(0, rest)];
}
