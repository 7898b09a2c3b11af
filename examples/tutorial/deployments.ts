import { randomUUID } from "node:crypto";
import type { ChannelLayer, Clock } from "sluice";
import { Deployment, type Line } from "./deployment.ts";

/** A watcher's view of one deployment. */
export interface Watch {
  /** The group that gets every new line, as a `deploy.line` message. */
  readonly group: string;
  /** What was said so far. */
  readonly lines: readonly Line[];
  /** Ends the watch. To be called once. */
  stop(): void;
}

/** How many deployments that nobody watches are remembered, the latest ones. */
const remembered = 1000;

/** All deployments: one for each task, shared by everybody who watches it. */
export class Deployments {
  readonly #layer: ChannelLayer;
  readonly #clock: Pick<Clock, "after">;
  /** On many machines several processes may have one id. */
  readonly #process = randomUUID();
  readonly #watched = new Map<string, Deployment>();
  /** Those that nobody watches; a map keeps them in the order in which they were left. */
  readonly #left = new Map<string, Deployment>();

  constructor(layer: ChannelLayer, clock: Pick<Clock, "after">) {
    this.#layer = layer;
    this.#clock = clock;
  }

  /** Watches a task's deployment: the one that runs, else the one remembered, else a new one. */
  watch(taskId: string): Watch {
    // Each process runs deployments of its own: what one says is not for those who watch another.
    const group = `deploy.${this.#process}.${taskId}`;
    const deployment =
      this.#watched.get(taskId) ?? this.#left.get(taskId) ?? this.#begin(taskId, group);
    this.#left.delete(taskId);
    this.#watched.set(taskId, deployment);
    deployment.enter();
    return {
      group,
      get lines() {
        return deployment.lines;
      },
      stop: () => {
        deployment.leave();
        if (!deployment.watched) this.#leave(taskId, deployment);
      },
    };
  }

  #begin(taskId: string, group: string): Deployment {
    const say = (line: Line) => {
      this.#layer.groupSend(group, { type: "deploy.line", ...line }).catch((error: unknown) => {
        console.error(`a line of deployment ${taskId} was lost:`, error);
      });
    };
    return new Deployment(taskId, say, this.#clock);
  }

  #leave(taskId: string, deployment: Deployment): void {
    this.#watched.delete(taskId);
    this.#left.set(taskId, deployment);
    for (const oldest of this.#left.keys()) {
      if (this.#left.size <= remembered) break;
      this.#left.delete(oldest);
    }
  }
}
