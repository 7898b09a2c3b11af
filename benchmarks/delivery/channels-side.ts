import { existsSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../brokers/free-port.ts";
import { pythonWith } from "../python.ts";
import { startProgram, stopProgram } from "./processes.ts";
import type { MemberSide } from "./side.ts";
import { jsonMember } from "./sluice-side.ts";

/** Beside this file, or where it was compiled from. */
const folders = [import.meta.dirname, join(import.meta.dirname, "../../../../benchmarks/delivery")];

/** The two backends of channels_redis, and how a table calls them. */
const backends = {
  "core.RedisChannelLayer": "Channels (core)",
  "pubsub.RedisPubSubChannelLayer": "Channels (pubsub)",
};

/**
 * Django Channels with channels_redis on Daphne, by the system's Python: on Debian `daphne
 * python3-django-channels python3-channels-redis`. None where they are not installed.
 */
export function channelsSides(): MemberSide[] {
  const python = pythonWith("channels", "channels_redis", "daphne");
  if (python === undefined) return [];
  return Object.entries(backends).map(([BACKEND, name]) => ({
    name,
    engines: ["redis"],
    async serveAlone({ environment }) {
      const port = await freePort();
      const file = folders.map((folder) => join(folder, "channels-server.py")).find(existsSync);
      const child = await startProgram(python, [file ?? ""], port, { ...environment, BACKEND });
      return { port, signal: (name) => child.kill(name), close: () => stopProgram(child) };
    },
    member: (port, hear) => jsonMember(`ws://127.0.0.1:${port}/`, hear),
  }));
}
