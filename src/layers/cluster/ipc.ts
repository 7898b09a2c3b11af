import cluster, { type Worker } from "node:cluster";
import process from "node:process";
import { randomBytes } from "node:crypto";
import type { Port, PortListener } from "./port.ts";

/**
 * What goes through the pipe between a worker of `node:cluster` and its primary. Others use that pipe,
 * too, so ours says what it is; and several layers of one worker each have a line.
 */
interface Parcel {
  readonly sluice: "cluster";
  readonly line: string;
  /** Absent when the line was closed. */
  readonly message?: unknown;
}

/** A line from this worker of `node:cluster` to its primary process. */
export function workerPort(): Port {
  const line = randomBytes(6).toString("base64url");
  let listener: PortListener | undefined;
  const onMessage = (parcel: unknown): void => {
    if (!isParcel(parcel) || parcel.line !== line) return;
    if (parcel.message === undefined) onEnd();
    else listener?.receive(parcel.message);
  };
  const end = (): void => {
    process.off("message", onMessage).off("disconnect", onEnd);
    listener = undefined;
  };
  const onEnd = (): void => {
    const told = listener;
    end();
    told?.closed();
  };
  process.on("message", onMessage).on("disconnect", onEnd);
  return {
    send: (message) => toPrimary({ sluice: "cluster", line, message }),
    listen: (reader) => {
      listener = reader;
    },
    close: () => {
      end();
      toPrimary({ sluice: "cluster", line });
    },
  };
}

/** Takes the lines of all workers of this primary process, now and later; returns what ends that. */
export function acceptWorkers(accept: (port: Port) => void): () => void {
  const ports = new Map<Worker, Map<string, PrimaryPort>>();
  const onMessage = (worker: Worker, parcel: unknown): void => {
    if (!isParcel(parcel)) return;
    const { line, message } = parcel;
    let lines = ports.get(worker);
    if (lines === undefined) ports.set(worker, (lines = new Map()));
    let port = lines.get(line);
    if (message === undefined) {
      lines.delete(line);
      return port?.listener?.closed();
    }
    if (port === undefined) {
      port = new PrimaryPort(worker, line);
      lines.set(line, port);
      accept(port);
    }
    port.listener?.receive(message);
  };
  // Comes before "exit", and as soon as the pipe breaks.
  const onEnd = (worker: Worker): void => {
    const lines = [...(ports.get(worker)?.values() ?? [])];
    ports.delete(worker);
    for (const { listener } of lines) listener?.closed();
  };
  cluster.on("message", onMessage).on("disconnect", onEnd);
  return () => {
    cluster.off("message", onMessage).off("disconnect", onEnd);
  };
}

class PrimaryPort implements Port {
  readonly #worker: Worker;
  readonly #line: string;
  listener: PortListener | undefined;

  constructor(worker: Worker, line: string) {
    this.#worker = worker;
    this.#line = line;
  }

  send(message: unknown): void {
    toWorker(this.#worker, { sluice: "cluster", line: this.#line, message });
  }

  listen(listener: PortListener): void {
    this.listener = listener;
  }

  close(): void {
    this.listener = undefined;
    toWorker(this.#worker, { sluice: "cluster", line: this.#line });
  }
}

// What can no longer be sent is lost: whoever is at the end of a pipe hears that it broke.

function toPrimary(parcel: Parcel): void {
  if (process.connected) process.send?.(parcel, undefined, undefined, () => {});
}

function toWorker(worker: Worker, parcel: Parcel): void {
  if (worker.isConnected()) worker.send(parcel, () => {});
}

function isParcel(value: unknown): value is Parcel {
  return (value as Partial<Parcel> | null | undefined)?.sluice === "cluster";
}
