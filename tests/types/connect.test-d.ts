import { expectTypeOf, test } from "vitest";
import { type ClientSocket, type ConnectionEnd, connect } from "sluice";

declare const socket: ClientSocket;

test("a client's messages are text or bytes, however they are taken", () => {
  expectTypeOf(socket.receive()).toEqualTypeOf<Promise<string | Uint8Array | undefined>>();
  void (async () => {
    for await (const message of socket) {
      expectTypeOf(message).toEqualTypeOf<string | Uint8Array>();
    }
  });
  void (() =>
    connect("ws://localhost/", {
      onMessage(message, self) {
        expectTypeOf(message).toEqualTypeOf<string | Uint8Array>();
        expectTypeOf(self).toEqualTypeOf<ClientSocket>();
      },
    }));
});

test("a client can be disposed of, and says how it ended", () => {
  expectTypeOf(socket).toExtend<AsyncDisposable>();
  expectTypeOf(socket.closed).toEqualTypeOf<Promise<ConnectionEnd>>();
});

test("options that make no sense do not compile", () => {
  // @ts-expect-error -- a client has no handler that could take long to open
  void (() => connect("ws://localhost/", { limits: { connectTimeout: 1 } }));
  // @ts-expect-error -- it is called subprotocols
  void (() => connect("ws://localhost/", { protocols: ["chat"] }));
  // @ts-expect-error -- an object is not a message
  void (() => socket.send({ text: "hello" }));
});
