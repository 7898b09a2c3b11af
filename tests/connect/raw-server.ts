import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { acceptKey } from "sluice/protocol";

/** A client's request, as the server has it. */
export interface Asked {
  readonly socket: Socket;
  /** The head as it came. */
  readonly text: string;
  readonly key: string;
}

/** Listens for TCP at a free port until the test is over; returns the URL to connect to. */
export async function listen(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.setNoDelay(true);
    onSocket(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that answers an opening handshake with anything at all. */
export function rawServer(answer: (asked: Asked) => void): Promise<string> {
  return listen((socket) => {
    let text = "";
    const read = (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (!text.includes("\r\n\r\n")) return;
      socket.off("data", read);
      const key = /^Sec-WebSocket-Key: (.*)$/im.exec(text)?.[1]?.trim() ?? "";
      answer({ socket, text, key });
    };
    socket.on("data", read);
  });
}

/** The head of a good answer; a header set to "" is left out, one more may be set. */
export function switching(key: string, headers: Record<string, string> = {}): string {
  const all = {
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Accept": acceptKey(key),
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== "");
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `HTTP/1.1 101 Switching Protocols\r\n${head}\r\n`;
}

/** A server that shakes hands and then writes bytes. */
export function writing(...bytes: Uint8Array[]): Promise<string> {
  return rawServer(({ socket, key }) => {
    socket.write(switching(key));
    for (const each of bytes) socket.write(each);
  });
}
