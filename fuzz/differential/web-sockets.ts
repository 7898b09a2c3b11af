import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { acceptKey } from "sluice/protocol";
import { conversation } from "./conversation.ts";
import type { Reading } from "./readers.ts";

/** A class of the WebSocket API, whoever wrote it. */
export type WebSocketClass = new (
  url: string,
) => {
  binaryType: unknown;
  addEventListener(type: "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(
    type: "close",
    listener: (event: { code: number; reason: string }) => void,
  ): void;
};

/** A server that says what the conversation whose seed is the path says, and then ends. */
export function talkingServer(): Promise<Server> {
  const server = createServer((socket: Socket) => {
    let head = "";
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      if (head.includes("\r\n\r\n")) return;
      head += chunk.toString("latin1");
      const [, seed, key] =
        /^GET \/(\d+) .*sec-websocket-key: (\S+)\r\n.*\r\n\r\n/is.exec(head) ?? [];
      if (seed === undefined || key === undefined) return;
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
          `Sec-WebSocket-Accept: ${acceptKey(key)}\r\n\r\n`,
      );
      for (const each of conversation(Number(seed), ["client"]).chunks) socket.write(each);
      socket.end();
    });
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** What a client of the WebSocket API tells of: its messages, and the code that it closed with. */
export function readWithWebSocket(
  WebSocket: WebSocketClass,
  server: Server,
  seed: number,
): Promise<Reading> {
  const { port } = server.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${seed}`);
  socket.binaryType = "arraybuffer";
  const calls: string[] = [];
  return new Promise((resolve) => {
    socket.addEventListener("error", () => {});
    socket.addEventListener("message", ({ data }) => {
      const bytes = (): Buffer => Buffer.from(data as ArrayBuffer);
      calls.push(typeof data === "string" ? `text ${data}` : `bytes ${bytes().toString("hex")}`);
    });
    socket.addEventListener("close", ({ code, reason }) => {
      resolve([...calls, code === 1006 ? "fail 1006" : `close ${code} ${reason}`]);
    });
  });
}

/** A reading as the WebSocket API would tell it: no pings, and 1006 for whatever is no close frame. */
export function asWebSocket(reading: Reading): Reading {
  const messages = reading.filter((call) => /^(text|bytes|close) /.test(call));
  const last = reading.at(-1) ?? "";
  if (last.startsWith("close ")) return messages;
  return [...messages, last.startsWith("fail ") ? `fail 1006${last.slice(9)}` : "fail 1006"];
}
