import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { Case, Event } from "./case.ts";
import { type Frame, FrameReader, Violation } from "./frame.ts";
import { type Role, open } from "./opening.ts";
import { Player } from "./player.ts";
import { type Observation, type Verdict, brief, judge, same } from "./verdict.ts";

export interface TesterOptions {
  /** Milliseconds in a second of silence. @defaultValue 1000 */
  readonly second?: number;
  /** How many times longer than the case says to wait for a peer that does nothing. @defaultValue 1 */
  readonly patience?: number;
  /** Makes the masking key of the next frame. @defaultValue four random octets */
  readonly key?: () => Buffer;
}

/**
 * Runs one case against whoever is at the other end of a new connection, and judges it. It takes
 * no longer than it must: who does the right thing is not waited for.
 *
 * @param role what the tester is: a client masks its frames, a server drops TCP in the end
 */
export async function runCase(
  given: Case,
  socket: Socket,
  role: Role,
  { second = 1000, patience = 1, key = () => randomBytes(4) }: TesterOptions = {},
): Promise<Verdict> {
  const tester = new Tester(given, socket, role, { second, patience, key });
  await tester.run();
  return judge(given, tester.seen, role);
}

class Tester {
  readonly seen: Observation = {
    opened: false,
    events: [],
    closedBy: undefined,
    peerCode: undefined,
    clean: false,
    gaveUp: false,
    violation: undefined,
    log: [],
  };

  readonly #given: Case;
  readonly #socket: Socket;
  readonly #role: Role;
  readonly #second: number;
  readonly #patience: number;
  readonly #player: Player;
  readonly #reader: FrameReader;
  /** Resolves when the last step is taken. */
  #played: Promise<void> = Promise.resolve();
  /** Aborts when the peer closes or hangs up: what was not sent then never is. */
  readonly #ended = new AbortController();
  /** What the tester does next if the peer does nothing. */
  #timer: NodeJS.Timeout | undefined;
  /** The message that the peer is in the middle of. */
  #message: { kind: "text" | "binary"; fragments: Buffer[] } | undefined;
  #peerClosed = false;

  constructor(given: Case, socket: Socket, role: Role, options: Required<TesterOptions>) {
    this.#given = given;
    this.#socket = socket;
    this.#role = role;
    this.#second = options.second;
    this.#patience = options.patience;
    this.#player = new Player(socket, role === "client" ? options.key : undefined);
    this.#reader = new FrameReader(role === "server");
  }

  async run(): Promise<void> {
    const socket = this.#socket;
    const gone = new Promise((resolve) => socket.once("close", resolve));
    socket.setNoDelay(true);
    socket.on("error", (error) => this.#log(`TCP: ${error.message}`));
    try {
      await open(socket, this.#role);
    } catch (error) {
      this.#log(String(error));
      socket.destroy();
      return;
    }
    this.seen.opened = true;
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("end", () => this.#hungUp());
    socket.on("close", () => this.#hungUp());
    this.#played = this.#play();
    socket.resume();
    await this.#played;
    if (this.seen.closedBy === "tester") this.#giveUpAfter(1);
    else if (this.seen.closedBy === undefined) this.#endAfter(this.#given.end.seconds);
    await gone;
    clearTimeout(this.#timer);
  }

  #play(): Promise<void> {
    this.#log(`tester: ${this.#given.steps.length} steps`);
    return this.#player.play(this.#given.steps, this.#second, this.#ended.signal, {
      onClose: () => this.#closed("tester"),
      onMark: (mark) => this.#observe("pause", Buffer.from(mark)),
    });
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.read(chunk)) this.#take(frame);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.seen.violation = error.message;
      this.#log(`violation: ${error.message}`);
      this.#closed("tester");
      this.#socket.destroy();
    }
  }

  #take({ opcode, fin, payload }: Frame): void {
    this.#log(`peer: opcode ${opcode}${fin ? "" : " without FIN"} ${brief(payload)}`);
    if (this.#peerClosed) throw new Violation("frame after a close frame");
    if (opcode === 8) this.#takeClose(payload);
    else if (opcode === 9) this.#observe("ping", payload);
    else if (opcode === 10) this.#observe("pong", payload);
    else this.#takeFragment(opcode, fin, payload);
  }

  #takeFragment(opcode: number, fin: boolean, payload: Buffer): void {
    if (opcode === 0 && !this.#message) throw new Violation("continuation of nothing");
    if (opcode !== 0 && this.#message) throw new Violation("message inside a message");
    this.#message ??= { kind: opcode === 1 ? "text" : "binary", fragments: [] };
    this.#message.fragments.push(payload);
    if (!fin) return;
    const { kind, fragments } = this.#message;
    this.#message = undefined;
    const whole = Buffer.concat(fragments);
    if (kind === "text") expectUtf8(whole);
    this.#observe(kind, whole);
  }

  /** Closes once every list of the case is what was received. */
  #observe(kind: Event["kind"], payload: Buffer): void {
    this.seen.events.push({ kind, payload });
    if (kind === "pause") this.#log(`outlived pause ${payload}`);
    const { expected, tolerated = expected, close } = this.#given;
    const done = [expected, tolerated].every((events) => same(events, this.seen.events));
    if (done && close.by === "tester" && !this.seen.closedBy) {
      void this.#close(close.codes[0]);
    }
  }

  /** Starts the closing handshake, unless somebody did before. */
  async #close(code?: number): Promise<void> {
    await this.#played;
    if (this.seen.closedBy) return;
    this.#closed("tester");
    await this.#sendClose(code === undefined ? Buffer.alloc(0) : Buffer.of(code >> 8, code & 255));
    this.#giveUpAfter(1);
  }

  #takeClose(payload: Buffer): void {
    if (payload.length === 1) throw new Violation("close frame of one octet");
    expectUtf8(payload.subarray(2));
    this.#peerClosed = true;
    this.seen.peerCode = payload.length > 0 ? payload.readUInt16BE() : undefined;
    this.#ended.abort();
    void this.#complete(payload.subarray(0, 2));
  }

  /** Completes the closing handshake, and leaves the end of TCP to the server (RFC 6455 §7.1.1). */
  async #complete(answer: Buffer): Promise<void> {
    const answered = this.seen.closedBy === "tester";
    this.#closed("peer");
    await this.#played;
    if (!answered) await this.#sendClose(answer);
    this.seen.clean = true;
    if (this.#role === "server") this.#socket.end();
    this.#giveUpAfter(1);
  }

  async #sendClose(payload: Buffer): Promise<void> {
    this.#log(`tester: close ${brief(payload)}`);
    await this.#player.send({ opcode: 8, fin: true, rsv: 0, payload });
  }

  #hungUp(): void {
    this.#closed("peer");
    this.#ended.abort();
  }

  /** Only the first one counts. */
  #closed(by: "tester" | "peer"): void {
    if (!this.seen.closedBy) this.#log(`closed by the ${by}`);
    this.seen.closedBy ??= by;
  }

  #endAfter(seconds: number): void {
    const code = this.#given.end.then === "fail" ? 1001 : undefined;
    this.#after(seconds, () => void this.#close(code));
  }

  #giveUpAfter(seconds: number): void {
    this.#after(seconds, () => {
      this.#log("the tester gives up");
      this.seen.gaveUp = true;
      this.#socket.destroy();
    });
  }

  #after(seconds: number, action: () => void): void {
    clearTimeout(this.#timer);
    if (this.#socket.destroyed) return;
    this.#timer = setTimeout(action, seconds * 1000 * this.#patience);
  }

  #log(line: string): void {
    this.seen.log.push(line);
  }
}

function expectUtf8(octets: Buffer): void {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch {
    throw new Violation("text that is no UTF-8");
  }
}
