import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

/** Octets of one connection, in the order in which they passed. */
export interface Octets {
  readonly from: "client" | "server";
  /** How many came from there before. */
  readonly offset: number;
  /** A copy: the engine unmasks in place. */
  readonly bytes: Uint8Array;
}

/** What is heard of one connection: it waits until somebody listens. */
interface Line {
  readonly waiting: Octets[];
  listen: ((octets: Octets) => void) | undefined;
}

/** What waits for somebody who listens, at most: a handshake, and then some. */
const patience = 65_536;

/** The connections that asked to be overheard, by the name that they gave themselves. */
const lines = new Map<string, Line>();

/** How such a connection begins: with the request of the page that wants to see it. */
const asking = /^GET \/wire\/\?tap=([\w-]{22}) HTTP\/1\.1\r\n/;

/**
 * Overhears the connection that was opened as `/wire/?tap=<tap>`, from its very first octet on. It has
 * to be one of this process, and over TLS there is nothing to hear.
 */
export function overhear(tap: string, listen: (octets: Octets) => void): void {
  const line = lines.get(tap);
  if (line === undefined || line.listen !== undefined) return;
  line.listen = listen;
  for (const octets of line.waiting.splice(0)) listen(octets);
}

// Node tells of each TCP connection before a byte of it is read, whoever made the server.
subscribe("net.server.socket", (event) => {
  const { socket } = event as { readonly socket: Socket };
  const onFirst = (first: Buffer): void => {
    socket.off("data", onFirst);
    const tap = asking.exec(first.toString("latin1", 0, 80))?.[1];
    if (tap !== undefined && !lines.has(tap)) tapInto(socket, tap, first);
  };
  // Before whoever else listens: they may change what they are given.
  socket.prependListener("data", onFirst);
});

/** Copies everything that passes, and changes nothing. */
function tapInto(socket: Socket, tap: string, first: Buffer): void {
  const line: Line = { waiting: [], listen: undefined };
  lines.set(tap, line);
  socket.once("close", () => lines.delete(tap));

  const passed = { client: 0, server: 0 };
  const note = (
    from: "client" | "server",
    chunk: string | Uint8Array,
    encoding?: BufferEncoding,
  ): void => {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, encoding) : Buffer.from(chunk);
    const octets = { from, offset: passed[from], bytes };
    passed[from] += bytes.length;
    // Behind a plain request nobody will ever listen, and its connection may stay for long.
    if (line.listen !== undefined) line.listen(octets);
    else if (octets.offset < patience) line.waiting.push(octets);
  };

  note("client", first);
  socket.prependListener("data", (chunk: Buffer) => note("client", chunk));

  // Every write of a stream ends in one of these two.
  const { _write: write, _writev: writev } = socket;
  socket._write = (chunk: string | Uint8Array, encoding, callback) => {
    note("server", chunk, encoding);
    write.call(socket, chunk, encoding, callback);
  };
  socket._writev = (chunks, callback) => {
    for (const { chunk, encoding } of chunks) note("server", chunk, encoding);
    writev?.call(socket, chunks, callback);
  };
}
