import { RawPeer, type RawResponse } from "sluice/testing";
import { wellFormedHeaders } from "../../src/testing/raw-peer.ts";

/** Header lines by name: a list makes one line each, an empty list none. */
export type Lines = Readonly<Record<string, string | readonly string[]>>;

/** The text of a client's opening handshake, spoiled at will: other lines, another first line. */
export function request(lines: Lines = {}, start = "GET / HTTP/1.1"): string {
  const all = Object.entries<string | readonly string[]>({ ...wellFormedHeaders, ...lines });
  const text = all.flatMap(([name, values]) => [values].flat().map((one) => `${name}: ${one}\r\n`));
  return `${start}\r\n${text.join("")}\r\n`;
}

/** The answer to raw bytes; a server that refuses also hangs up, and says nothing more. */
export async function refusal(port: number, bytes: string): Promise<RawResponse> {
  const peer = await RawPeer.connect(port);
  await peer.write(bytes);
  const response = await peer.response();
  const rest = await peer.end();
  if (rest.length > 0) throw new Error(`more than an answer: ${rest.toString("latin1")}`);
  peer.socket.destroy();
  return response;
}

/** The status that raw bytes are answered with. */
export async function status(port: number, bytes: string): Promise<number> {
  const peer = await RawPeer.connect(port);
  await peer.write(bytes);
  const response = await peer.response();
  peer.socket.destroy();
  return response.status;
}
