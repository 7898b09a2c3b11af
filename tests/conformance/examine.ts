import { once } from "node:events";
import { type Socket, connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import type { Case } from "./case.ts";
import { type TesterOptions, runCase } from "./tester.ts";
import type { Verdict } from "./verdict.ts";

/**
 * How the tests run the tester: a fifth of the silence, which a strict peer needs none of, and ten
 * times the patience, which only costs when a peer fails.
 */
const options: TesterOptions = { second: 200, patience: 10 };

/** Runs a case as a client of the server at `port`. */
export async function examineServer(given: Case, port: number): Promise<Verdict> {
  return runCase(given, connect(port, "127.0.0.1"), "client", options);
}

/** Runs a case as the server of one client, which `start` has connect to a port. */
export async function examineClient(
  given: Case,
  start: (port: number) => unknown,
): Promise<Verdict> {
  const listener = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
  try {
    await once(listener, "listening");
    const connected = once(listener, "connection") as Promise<[Socket]>;
    start((listener.address() as AddressInfo).port);
    const [socket] = await connected;
    return await runCase(given, socket, "server", options);
  } finally {
    listener.close();
  }
}
