import { HandshakeError } from "sluice";
import {
  acceptDeflate,
  deflateName,
  DeflateShare,
  type Extension,
  judgeDeflate,
  Protocol,
} from "sluice/protocol";
import * as ws from "ws";
import type { Conversation } from "./conversation.ts";

/**
 * What a reader tells of, in order: `text …`, `bytes …`, `ping …`, `pong …` in hex, and at the end
 * `close` with its code and reason or `fail` with the code that it closes with.
 */
export type Reading = readonly string[];

/** What sluice tells of; a failure with the name of its error behind the code. */
export function readWithSluice(
  { role, compressed, chunks }: Conversation,
  maxMessageSize: number,
): Reading {
  const calls: string[] = [];
  const share = new DeflateShare();
  const protocol = new Protocol({
    role,
    maxMessageSize,
    extension: compressed ? agreed(role, share) : undefined,
    sink: {
      onText: (message) => calls.push(`text ${message}`),
      onBytes: (message) => calls.push(`bytes ${hex(message)}`),
      onPing: (payload) => calls.push(`ping ${hex(payload)}`),
      onPong: (payload) => calls.push(`pong ${hex(payload)}`),
      onClose: (code, reason) => calls.push(`close ${code} ${reason}`),
      onFail: ({ closeCode, code }) => calls.push(`fail ${closeCode} ${code}`),
    },
  });
  for (const chunk of chunks) protocol.receive(Buffer.from(chunk));
  protocol.dispose();
  return calls;
}

function agreed(role: Conversation["role"], share: DeflateShare): Extension {
  const parameters = [
    ["server_no_context_takeover", true],
    ["client_no_context_takeover", true],
  ] as const;
  const list = [{ name: deflateName, parameters }];
  const extension =
    role === "server" ? acceptDeflate(list, share)?.extension : judgeDeflate(list, share);
  if (extension === undefined || extension instanceof HandshakeError) throw new Error("declined");
  return extension;
}

/** What npm's ws exports and its types do not know of. */
const { Receiver, PerMessageDeflate } = ws as unknown as {
  Receiver: new (
    options: object,
  ) => {
    on(event: string, listener: (...given: never[]) => void): void;
    write(chunk: Buffer, done: () => void): void;
  };
  PerMessageDeflate: new (
    options: object,
  ) => { accept(offers: readonly object[]): unknown; cleanup(): void };
};

/** What the receiver of npm's ws tells of. */
export async function readWithWs(
  { role, compressed, chunks }: Conversation,
  maxMessageSize: number,
): Promise<Reading> {
  const calls: string[] = [];
  const isServer = role === "server";
  const deflate = new PerMessageDeflate({ isServer, maxPayload: maxMessageSize });
  deflate.accept([
    isServer ? {} : { server_no_context_takeover: [true], client_no_context_takeover: [true] },
  ]);
  const receiver = new Receiver({
    isServer,
    maxPayload: maxMessageSize,
    extensions: compressed ? { "permessage-deflate": deflate } : {},
  });
  let failed = false;
  receiver.on("message", (data: Buffer, isBinary: boolean) =>
    calls.push(isBinary ? `bytes ${hex(data)}` : `text ${data.toString()}`),
  );
  receiver.on("ping", (data: Buffer) => calls.push(`ping ${hex(data)}`));
  receiver.on("pong", (data: Buffer) => calls.push(`pong ${hex(data)}`));
  receiver.on("conclude", (code: number, reason: Buffer) =>
    calls.push(`close ${code} ${reason.toString()}`),
  );
  receiver.on("error", (error: Error) => {
    failed = true;
    calls.push(`fail ${statusOf(error)}`);
  });
  for (const chunk of chunks) {
    if (failed) break;
    await new Promise<void>((resolve) => receiver.write(Buffer.from(chunk), resolve));
  }
  deflate.cleanup();
  return calls;
}

/** The close code that ws keeps beside an error. */
function statusOf(error: Error): unknown {
  const symbol = Object.getOwnPropertySymbols(error).find(
    (each) => each.description === "status-code",
  );
  return symbol && (error as unknown as Record<symbol, unknown>)[symbol];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
