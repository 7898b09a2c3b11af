import { createHash } from "node:crypto";
import type { Deflate } from "../load.ts";
import type { Context } from "./inflation.ts";

const key = "c2x1aWNlIGJlbmNobWFyaw==";

const accept = createHash("sha1")
  .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
  .digest("base64");

/** What browsers offer, and the same without contexts (RFC 7692 §7.1). */
const offers: Readonly<Record<Deflate, string | undefined>> = {
  off: undefined,
  context: "permessage-deflate; client_max_window_bits",
  "no context":
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
};

/** The opening handshake of a client (RFC 6455 §4.1). */
export function openingRequest(
  target: string,
  deflate: Deflate,
  headers: Readonly<Record<string, string>>,
): string {
  const offer = offers[deflate];
  const lines = [
    `GET ${target} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${key}`,
    ...(offer === undefined ? [] : [`Sec-WebSocket-Extensions: ${offer}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** What the server's answer says of permessage-deflate; empty without it. Throws if it is no 101. */
export function negotiatedExtension(answer: string): string {
  const [status = "", ...lines] = answer.split("\r\n");
  if (!status.startsWith("HTTP/1.1 101")) throw new Error(`the server answered ${status}`);
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  if (headers.get("sec-websocket-accept") !== accept) {
    throw new Error("the server's Sec-WebSocket-Accept is wrong");
  }
  return headers.get("sec-websocket-extensions") ?? "";
}

/** The context of one side, as the server's answer says (RFC 7692 §7.1). */
export function contextOf(side: "client" | "server", extension: string): Context {
  const bits = new RegExp(`${side}_max_window_bits="?(\\d+)`).exec(extension)?.[1];
  return {
    kept: !extension.includes(`${side}_no_context_takeover`),
    bits: bits === undefined ? 15 : Number(bits),
  };
}
