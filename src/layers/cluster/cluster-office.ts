import { acceptWorkers } from "./ipc.ts";
import { Office, type OfficeOptions } from "./office.ts";
import type { Port } from "./port.ts";

/** The post office of a cluster, in its primary process. */
export interface ClusterOffice {
  /** How many layers are connected. */
  readonly workers: number;
  /** The most that lies unread by one of them, in bytes: one that stands still shows here first. */
  readonly unread: number;
  /** Takes a layer of this very process; `clusterLayer({ office })` calls it. @internal */
  connect(port: Port): void;
  /** Hangs up on all workers and forgets everything. Positions are not good for another office. */
  close(): void;
}

/**
 * Opens the post office for the workers of this process, which is the primary of `node:cluster`. Call
 * it once, before the first `fork`. `sluice serve --workers` has one.
 */
export function openOffice(options: OfficeOptions = {}): ClusterOffice {
  const office = new Office(options);
  const stop = acceptWorkers((port) => office.connect(port));
  return {
    get workers() {
      return office.workers;
    },
    get unread() {
      return office.unread();
    },
    connect: (port) => office.connect(port),
    close: () => {
      stop();
      office.close();
    },
  };
}
