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
}

const files: Readonly<Record<keyof Parts, string>> = {
  memory: "memory",
  feeds: "group-feeds",
  groups: "local-groups",
  channel: "local-channel",
  office: "cluster/office",
  worker: "cluster/worker-layer",
};

/** Compiled or not, the sources look like this file. */
export const extension: string = import.meta.url.endsWith(".ts") ? ".ts" : ".js";

/** The sources, or what was compiled from them. */
export const sources: URL = new URL("../../src/", import.meta.url);

/** Loads the modules from a directory of the shape of `src`. */
export async function loadParts(from: URL = sources): Promise<Parts> {
  const modules = Object.entries(files).map(async ([name, file]) => {
    return [name, await import(new URL(`layers/${file}${extension}`, from).href)] as const;
  });
  return Object.fromEntries(await Promise.all(modules)) as unknown as Parts;
}
