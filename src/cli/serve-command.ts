import process from "node:process";
import { oneProcess } from "../internal/one-process.ts";
import { loadModule } from "./module-file.ts";
import { print } from "./print.ts";
import { stoppedBySignal } from "./stop-signal.ts";
import { WrongCommand } from "./wrong-command.ts";

/** What a worker tells its primary process when its module is loaded. */
export interface Ready {
  readonly sluice: "ready";
  /** Where it listens. */
  readonly urls: readonly string[];
  /** Whether one of its servers has a memory layer, which no other worker hears of. */
  readonly isAlone: boolean;
}

/**
 * Loads a module that serves, and resolves with true when a signal has closed the servers that it
 * exports. A module that listens for SIGTERM itself is left to do so: then it resolves with false.
 * @throws WrongCommand for a module that does neither.
 */
export async function serveModule(module: string, timeout: number): Promise<boolean> {
  const exported = await loadModule(module);
  const servers = Object.values(exported).filter(isServer);
  const urls = servers.map((server) => server.url);
  const isAlone = servers.some((server) => server[oneProcess] === true);
  const ready: Ready = { sluice: "ready", urls, isAlone };
  if (process.listenerCount("SIGTERM") > 0) {
    process.send?.(ready);
    return false;
  }
  if (servers.length === 0) {
    throw new WrongCommand(`${module} exports no server: export const server = await serve(…)`);
  }
  // A primary process speaks for all of its workers.
  const say = process.send === undefined ? print : () => {};
  const close = (time: number) =>
    Promise.all(servers.map((server) => server.close({ timeout: time })));
  const stopped = stoppedBySignal(timeout, close, say);
  say(`sluice serves ${module} at ${urls.join(", ")}`);
  process.send?.(ready);
  await stopped;
  return true;
}

/** What `serve` resolves with. */
interface Server {
  readonly url: string;
  readonly [oneProcess]?: boolean;
  close(options: { readonly timeout: number }): Promise<void>;
}

/** By its shape: the module may come with another copy of this package. */
function isServer(value: unknown): value is Server {
  if (typeof value !== "object" || value === null) return false;
  const { close, url, webSocketUrl } = value as Readonly<Record<string, unknown>>;
  return typeof close === "function" && typeof url === "string" && typeof webSocketUrl === "string";
}
