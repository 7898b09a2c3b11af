import { onTestFinished } from "vitest";
import {
  type Application,
  type ClientSocket,
  type ConnectOptions,
  connect,
  type ServeOptions,
  type Server,
  serve,
  silentLogger,
} from "sluice";

/** Says back what it is told. */
export const echo: Application = (_scope, socket) => ({
  text: (message) => socket.send(message),
  bytes: (message) => socket.send(message),
});

/** Serves at a free port until the test is over: an echo, if nothing else is said. */
export async function start(options: Partial<ServeOptions> = {}): Promise<Server> {
  const server = await serve({ websocket: echo, port: 0, log: silentLogger, ...options });
  onTestFinished(() => server.close({ timeout: 0 }));
  return server;
}

/** Connects until the test is over. */
export async function connected(
  url: string | URL,
  options?: ConnectOptions,
): Promise<ClientSocket> {
  const socket = await connect(url, options);
  onTestFinished(() => socket.close());
  return socket;
}
