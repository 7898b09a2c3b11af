import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { WebSocket } from "ws";

interface Snapshots {
  ensureSnapshot(): Promise<string>;
}

/** The built package. */
export async function built(): Promise<string> {
  const scripts = join(import.meta.dirname, "../../scripts");
  const { ensureSnapshot } = (await import(join(scripts, "snapshot.mjs"))) as Snapshots;
  return join(await ensureSnapshot(), "dist");
}

/** A room whose messages have positions; a client says with `?since=` what it has seen. */
const room = `
class Room extends sluice.WebSocketConsumer {
  async connect() {
    const since = this.scope.query.get("since") ?? undefined;
    const joined = await this.join("room", since === undefined ? {} : { since });
    this.accept();
    this.send(JSON.stringify({ pid: process.pid, ...joined }));
  }
  async receive(text) {
    if (text === "crash") process.nextTick(() => { throw new Error("as told"); });
    if (text === "count") return this.send(JSON.stringify({ count: await this.layer.groupCount("room") }));
    const message = { type: "room.note", text };
    const position = await this.layer.groupSend("room", message, { id: text });
    this.send(JSON.stringify({ sent: text, position }));
  }
  "room.note"({ text }, { position }) {
    this.send(JSON.stringify({ text, position }));
  }
  gap(gap) {
    this.send(JSON.stringify({ gap }));
  }
}
const history = [{ groups: "room", size: 10_000, bytes: 1e8 }];
`;

/** The text of a module that serves that room. */
export const roomServer: string = `${room}
const layer = clusterLayer({ history });
export const server = await sluice.serve({ websocket: Room, port: 0, layer });
`;

/** The text of one whose layer is a memory layer: the default. */
export const aloneServer: string = `${room}
export const server = await sluice.serve({ websocket: Room, port: 0 });
`;

/** A program `sluice serve`, in a folder of its own. */
export class Site {
  readonly program: ChildProcess;
  /** Resolves with the exit code, or the signal. */
  readonly ended: Promise<number | string>;
  readonly #folder: string;
  #output = "";
  #wake: () => void = () => {};

  private constructor(dist: string, text: string, parameters: readonly string[]) {
    const url = (path: string): string => JSON.stringify(pathToFileURL(join(dist, path)).href);
    this.#folder = mkdtempSync(join(tmpdir(), "sluice-cluster-"));
    const head = `import * as sluice from ${url("index.js")};
import { clusterLayer } from ${url("layers/cluster/index.js")};
`;
    writeFileSync(join(this.#folder, "app.mjs"), head + text);
    const main = join(dist, "cli/main.js");
    this.program = spawn(process.execPath, [main, "serve", "app.mjs", ...parameters], {
      cwd: this.#folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.program.stdout, this.program.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#output += String(chunk);
        this.#wake();
      });
    }
    this.ended = once(this.program, "close").then(([code, signal]) => {
      this.#wake();
      return (code ?? signal) as number | string;
    });
  }

  /** Starts `sluice serve` with a module and these parameters. */
  static start(dist: string, text: string, ...parameters: string[]): Site {
    return new Site(dist, text, parameters);
  }

  get output(): string {
    return this.#output;
  }

  /** Resolves with the match when it is printed; rejects if the program ends without. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match !== null) return match;
      if (this.program.exitCode !== null) throw new Error(`it ended: ${this.#output}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The address of its sockets. */
  async url(): Promise<string> {
    const [, url = ""] = await this.printed(/ at http(:\S+)/);
    return `ws${url}/`;
  }

  /** Ends it, however it is. */
  async end(): Promise<void> {
    this.program.kill("SIGKILL");
    await this.ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** What a client is told. */
export interface Said {
  readonly pid?: number;
  readonly recovered?: boolean;
  readonly position?: string;
  readonly text?: string;
  readonly sent?: string;
  readonly count?: number;
  readonly gap?: unknown;
}

/** A client of the room that comes back with the position that it has seen, as users' clients do. */
export class RoomClient {
  /** The texts of the room, each as often as it came. */
  readonly texts: string[] = [];
  /** What it was told whenever it joined. */
  readonly joins: Said[] = [];
  readonly gaps: unknown[] = [];
  /** The close codes of the connections that it had. */
  readonly codes: number[] = [];
  /** When it last heard a text. */
  heard: number = performance.now();
  /** The longest time between two texts. */
  silence = 0;
  readonly #url: string;
  #socket: WebSocket | undefined;
  #since: string | undefined;
  #isClosed = false;
  /** Whether this connection has joined. */
  #isIn = false;
  #count: ((count: number) => void) | undefined;
  readonly #sent = new Map<string, () => void>();
  #wake: () => void = () => {};

  constructor(url: string) {
    this.#url = url;
    this.#connect();
  }

  /** The process that it is connected to. */
  get pid(): number {
    return this.joins.at(-1)?.pid ?? 0;
  }

  /** Resolves when `condition` is true; it is looked at whenever something came. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Sends a text until it is known to be sent: again, on the next connection, if this one ends. */
  async say(text: string): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#sent.set(text, resolve);
    });
    if (this.#isIn) this.tell(text);
    await done;
  }

  /** Sends a text, once. */
  tell(text: string): void {
    this.#socket?.send(text);
  }

  /** How many are in the room. */
  async count(): Promise<number> {
    const counted = new Promise<number>((resolve) => {
      this.#count = resolve;
    });
    this.tell("count");
    return counted;
  }

  /** Does not come back when this connection ends. */
  leaveAtEnd(): void {
    this.#isClosed = true;
  }

  /** Ends it without a word. */
  close(): void {
    this.#isClosed = true;
    this.#socket?.terminate();
  }

  #connect(): void {
    const since = this.#since === undefined ? "" : `?since=${this.#since}`;
    // A connection that was being handed to a worker as it was killed is never answered.
    const socket = new WebSocket(this.#url + since, { handshakeTimeout: 1_000 });
    this.#socket = socket;
    socket.on("message", (data: Buffer) => this.#hear(JSON.parse(String(data)) as Said));
    socket.on("error", () => {});
    let wasOpen = false;
    socket.on("open", () => {
      wasOpen = true;
    });
    socket.on("close", (code) => {
      // One that was refused, or not answered in time, was none.
      if (wasOpen) this.codes.push(code);
      this.#isIn = false;
      this.#wake();
      // As users' clients do: a server that is gone refuses at once, and a loop would be busy.
      if (!this.#isClosed) setTimeout(() => this.#connect(), 10);
    });
  }

  #hear(said: Said): void {
    if (said.pid !== undefined) {
      this.joins.push(said);
      this.#isIn = true;
      if (said.recovered !== true) this.#since = said.position;
      for (const text of this.#sent.keys()) this.tell(text);
    } else if (said.text !== undefined) {
      this.texts.push(said.text);
      this.#since = said.position;
      this.silence = Math.max(this.silence, performance.now() - this.heard);
      this.heard = performance.now();
    } else if (said.sent !== undefined) {
      this.#sent.get(said.sent)?.();
      this.#sent.delete(said.sent);
    } else if (said.count !== undefined) this.#count?.(said.count);
    else if (said.gap !== undefined) this.gaps.push(said.gap);
    this.#wake();
  }
}
