import { isUtf8 } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Case, Event } from "./case.ts";
import type { Agreement } from "./compression.ts";
import { Deflater, Inflater } from "./deflate.ts";
import { type Frame, FrameReader, Violation } from "./frame.ts";
import type { Opening, Role } from "./opening.ts";
import { Player, turns } from "./player.ts";
import { type Observation, type Verdict, brief, judge, nothingSeen, same } from "./verdict.ts";

export interface TesterOptions {
  /** Milliseconds in a second of silence. @defaultValue 1000 */
  readonly second?: number;
  /** How many times longer than the case says to wait for a peer that does nothing. @defaultValue 1 */
  readonly patience?: number;
  /** How many milliseconds a case may take altogether. @defaultValue 2 minutes */
  readonly limit?: number;
  /**
   * How many octets the messages of some rounds have together, at most, but for a few of them.
   * @defaultValue no limit
   */
  readonly volume?: number;
  /** Makes the masking key of the next frame. @defaultValue four random octets */
  readonly key?: () => Buffer;
}

/**
 * Runs one case against whoever is at the other end of a new connection, and judges it. It takes
 * no longer than it must: who does the right thing is not waited for.
 *
 * @param open shakes hands over the connection, with what is demanded of compression
 * @param role what the tester is: a client masks its frames, a server drops TCP in the end
 */
export async function runCase(
  given: Case,
  stream: Duplex,
  open: Opening,
  role: Role,
  {
    second = 1000,
    patience = 1,
    limit = 120_000,
    volume = Infinity,
    key = () => randomBytes(4),
  }: TesterOptions = {},
): Promise<Verdict> {
  const tester = new Tester(given, stream, role, { second, patience, limit, volume, key });
  await tester.run(open);
  return judge(given, tester.seen, role);
}

/** A message of some rounds that is out, and what to do when its echo is there. */
interface Round {
  readonly kind: "text" | "binary";
  readonly payload: Buffer;
  readonly resolve: () => void;
}

class Tester {
  readonly seen: Observation = nothingSeen();

  readonly #given: Case;
  readonly #stream: Duplex;
  readonly #role: Role;
  readonly #options: Required<TesterOptions>;
  #player!: Player;
  #reader!: FrameReader;
  #inflater: Inflater | undefined;
  /** Resolves when the last step is taken. */
  #played: Promise<void> = Promise.resolve();
  /** Aborts when the peer closes or hangs up: what was not sent then never is. */
  readonly #ended = new AbortController();
  /** What the tester does next if the peer does nothing. */
  #timer: NodeJS.Timeout | undefined;
  /** The message that the peer is in the middle of. */
  #message: { opcode: number; compressed: boolean; fragments: Buffer[] } | undefined;
  #round: Round | undefined;
  #peerClosed = false;

  constructor(given: Case, stream: Duplex, role: Role, options: Required<TesterOptions>) {
    this.#given = given;
    this.#stream = stream;
    this.#role = role;
    this.#options = options;
  }

  async run(open: Opening): Promise<void> {
    const stream = this.#stream;
    const gone = new Promise((resolve) => stream.once("close", resolve));
    const limit = setTimeout(() => this.#timeOut(), this.#options.limit);
    stream.on("error", (error) => this.#log(`TCP: ${error.message}`));
    try {
      this.#agree(await open(this.#given.compression ?? []));
      stream.on("data", (chunk) => this.#receive(chunk));
      stream.on("end", () => this.#hungUp());
      stream.on("close", () => this.#hungUp());
      this.#played = this.#play();
      stream.resume();
      await this.#played;
      if (this.seen.closedBy === "tester") this.#giveUpAfter(1);
      else if (this.seen.closedBy === undefined) this.#endAfter(this.#given.end.seconds);
      await gone;
    } catch (error) {
      this.#log(String(error));
      stream.destroy();
    }
    clearTimeout(limit);
    clearTimeout(this.#timer);
  }

  #agree(agreement: Agreement | undefined): void {
    this.seen.opened = true;
    this.seen.agreed = agreement !== undefined;
    if (agreement) this.#log(`agreed: ${JSON.stringify(agreement)}`);
    this.#inflater = agreement && new Inflater(agreement.peer);
    this.#reader = new FrameReader(this.#role === "server", agreement !== undefined);
    const { second, volume, key } = this.#options;
    this.#player = new Player(
      this.#stream,
      { second, volume, makeKey: this.#role === "client" ? key : undefined },
      agreement && new Deflater(agreement.tester),
    );
  }

  #play(): Promise<void> {
    // Nothing can be seen of compression in who does without it.
    if (this.#given.compression && !this.seen.agreed) return this.#sendOwnClose(1000);
    this.#log(`tester: ${this.#given.steps.length} steps`);
    return this.#player.play(this.#given.steps, this.#ended.signal, {
      onClose: () => this.#closed("tester"),
      onMark: (mark) => this.#observe("pause", Buffer.from(mark)),
      onRound: (opcode, payload) =>
        new Promise((resolve) => {
          this.#round = { kind: opcode === 1 ? "text" : "binary", payload, resolve };
          if (this.#ended.signal.aborted) resolve();
        }),
      onRounds: () => this.#observe("rounds", Buffer.alloc(0)),
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
      this.#stop();
      this.#stream.destroy();
    }
  }

  #take(frame: Frame): void {
    const { opcode, fin, payload } = frame;
    if (!this.#round) {
      this.#log(`peer: opcode ${opcode}${fin ? "" : " without FIN"} ${brief(payload)}`);
    }
    if (this.#peerClosed) throw new Violation("frame after a close frame");
    if (opcode === 8) this.#takeClose(payload);
    else if (opcode === 9) this.#observe("ping", payload);
    else if (opcode === 10) this.#observe("pong", payload);
    else this.#takeFragment(frame);
  }

  #takeFragment({ opcode, fin, rsv, payload }: Frame): void {
    if (opcode === 0 && !this.#message) throw new Violation("continuation of nothing");
    if (opcode !== 0 && this.#message) throw new Violation("message inside a message");
    this.#message ??= { opcode, compressed: rsv === 4, fragments: [] };
    this.#message.fragments.push(payload);
    if (!fin) return;
    const { fragments, compressed } = this.#message;
    const kind = this.#message.opcode === 1 ? "text" : "binary";
    this.#message = undefined;
    const joined = fragments.length === 1 ? (fragments[0] as Buffer) : Buffer.concat(fragments);
    const message = this.#expand(joined, compressed);
    if (kind === "text") expectUtf8(message);
    if (this.#round) this.#takeEcho(this.#round, kind, message);
    else this.#observe(kind, message);
  }

  #expand(payload: Buffer, compressed: boolean): Buffer {
    const limit = (this.#round?.payload.length ?? 0) + 1;
    const message = compressed && this.#inflater ? this.#inflater.inflate(payload, limit) : payload;
    const { traffic } = this.seen;
    traffic.messages++;
    traffic.octets += message.length;
    traffic.sent += payload.length;
    if (compressed) traffic.compressed++;
    return message;
  }

  #takeEcho({ kind, payload, resolve }: Round, echoKind: Event["kind"], echo: Buffer): void {
    const { messages } = this.seen.traffic;
    if (echoKind !== kind) throw new Violation(`echo ${messages} is ${echoKind}, not ${kind}`);
    if (!echo.equals(payload)) {
      throw new Violation(`echo ${messages} differs: ${brief(echo)}, not ${brief(payload)}`);
    }
    this.#round = undefined;
    resolve();
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
    await this.#sendOwnClose(code);
    this.#giveUpAfter(1);
  }

  #sendOwnClose(code?: number): Promise<void> {
    this.#closed("tester");
    return this.#sendClose(code === undefined ? Buffer.alloc(0) : Buffer.of(code >> 8, code & 255));
  }

  #takeClose(payload: Buffer): void {
    if (payload.length === 1) throw new Violation("close frame of one octet");
    expectUtf8(payload.subarray(2));
    this.#peerClosed = true;
    this.seen.peerCode = payload.length > 0 ? payload.readUInt16BE() : undefined;
    this.seen.peerReason = payload.toString("utf8", 2);
    this.#stop();
    void this.#complete(payload.subarray(0, 2));
  }

  /** Completes the closing handshake, and leaves the end of TCP to the server (RFC 6455 §7.1.1). */
  async #complete(answer: Buffer): Promise<void> {
    const answered = this.seen.closedBy === "tester";
    this.#closed("peer");
    await this.#played;
    if (!answered) await this.#sendClose(answer);
    this.seen.clean = true;
    if (this.#role === "server") this.#stream.end();
    this.#giveUpAfter(1);
  }

  async #sendClose(payload: Buffer): Promise<void> {
    this.#log(`tester: close ${brief(payload)}`);
    await this.#player.send({ opcode: 8, fin: true, rsv: 0, payload });
  }

  #hungUp(): void {
    this.#closed("peer");
    this.#stop();
    // A stream of HTTP/2 has two ends.
    this.#stream.end();
  }

  /** Nothing more is sent, and no echo is waited for. */
  #stop(): void {
    this.#ended.abort();
    this.#round?.resolve();
  }

  #timeOut(): void {
    this.#log(`not over after ${this.#options.limit} ms`);
    this.seen.timedOut = true;
    this.#closed("tester");
    this.#stop();
    this.#stream.destroy();
  }

  /** Only the first one counts. */
  #closed(by: "tester" | "peer"): void {
    if (!this.seen.closedBy) this.#log(`closed by the ${by}`);
    this.seen.closedBy ??= by;
  }

  #endAfter(seconds: number): void {
    const code = this.#given.end.action === "fail" ? 1001 : undefined;
    this.#after(seconds, () => void this.#close(code));
  }

  #giveUpAfter(seconds: number): void {
    this.#after(seconds, () => {
      this.#log("the tester gives up");
      this.seen.gaveUp = true;
      this.#stop();
      this.#stream.destroy();
    });
  }

  #after(seconds: number, action: () => void): void {
    clearTimeout(this.#timer);
    if (this.#stream.destroyed) return;
    const timer = setTimeout(
      () => {
        void turns(8).then(() => {
          if (this.#timer === timer && !this.#stream.destroyed) action();
        });
      },
      seconds * 1000 * this.#options.patience,
    );
    this.#timer = timer;
  }

  #log(line: string): void {
    this.seen.log.push(line);
  }
}

function expectUtf8(octets: Buffer): void {
  if (!isUtf8(octets)) throw new Violation("text that is no UTF-8");
}
