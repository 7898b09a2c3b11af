import type { Scope } from "../../src/application/scope.ts";
import type { Socket } from "../../src/application/socket.ts";

/** A scope as a server makes it, for a connection to `path`. Nothing in it works but what routing reads. */
export function plainScope(path: string): Scope {
  return Object.freeze({
    httpVersion: "1.1",
    secure: false,
    path,
    query: new URLSearchParams(),
    headers: {},
    subprotocols: [],
    client: { address: "192.0.2.1", port: 50000 },
    params: {},
    layer: {} as Scope["layer"],
  });
}

/** A socket that notes with which status it was refused, and can do nothing else. */
export function refusableSocket(): Socket & { readonly status: number | undefined } {
  let refusal: number | undefined;
  const socket: Pick<Socket, "reject"> & { readonly status: number | undefined } = {
    reject(status) {
      refusal = status;
    },
    get status() {
      return refusal;
    },
  };
  return socket as ReturnType<typeof refusableSocket>;
}
