import type * as broker from "../../src/layers/broker/broker-layer.ts";
import type * as office from "../../src/layers/cluster/office.ts";
import type * as worker from "../../src/layers/cluster/worker-layer.ts";
import type * as feeds from "../../src/layers/group-feeds.ts";
import type * as channel from "../../src/layers/local-channel.ts";
import type * as groups from "../../src/layers/local-groups.ts";
import type * as memory from "../../src/layers/memory.ts";

/** The modules that worlds are made of: those of the sources, or of a copy with a bug. */
export interface Parts {
  readonly memory: typeof memory;
  readonly feeds: typeof feeds;
  readonly groups: typeof groups;
  readonly channel: typeof channel;
  readonly office: typeof office;
  readonly worker: typeof worker;
  readonly broker: typeof broker;
}

const files: Readonly<Record<keyof Parts, string>> = {
  memory: "memory",
  feeds: "group-feeds",
  groups: "local-groups",
  channel: "local-channel",
  office: "cluster/office",
  worker: "cluster/worker-layer",
  broker: "broker/broker-layer",
};

/** What each kind of world is made of. */
const needs: Readonly<Record<string, readonly (keyof Parts)[]>> = {
  memory: ["memory"],
  backend: ["feeds", "groups", "channel"],
  cluster: ["office", "worker"],
  redis: ["broker"],
  nats: ["broker"],
};

/** Compiled or not, the sources look like this file. */
export const extension: string = import.meta.url.endsWith(".ts") ? ".ts" : ".js";

/** The sources, or what was compiled from them. */
export const sources: URL = new URL("../../src/", import.meta.url);

/** Loads the modules from a directory of the shape of `src`: all of them, or those of one world. */
export async function loadParts(from: URL = sources, world?: string): Promise<Parts> {
  const names = world === undefined ? undefined : needs[world];
  const wanted = Object.entries(files).filter(
    ([name]) => names?.includes(name as keyof Parts) !== false,
  );
  const modules = wanted.map(async ([name, file]) => {
    return [name, await import(new URL(`layers/${file}${extension}`, from).href)] as const;
  });
  return Object.fromEntries(await Promise.all(modules)) as unknown as Parts;
}
