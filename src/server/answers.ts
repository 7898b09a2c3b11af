import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The answers to plain HTTP requests that are not finished yet. */
export class Answers {
  readonly #unfinished = new Set<ServerResponse>();
  #finished: (() => void) | undefined;

  /** Watches over an answer until it is sent, or its client is gone. */
  add(answer: ServerResponse): void {
    this.#unfinished.add(answer);
    answer.once("close", () => {
      this.#unfinished.delete(answer);
      if (this.#unfinished.size === 0) this.#finished?.();
    });
  }

  /** Whether a part of an answer went out over a socket: another one would be taken for its rest. */
  began(socket: Socket): boolean {
    return [...this.#unfinished].some((answer) => answer.socket === socket && answer.headersSent);
  }

  /** Resolves when there is none. */
  async finished(): Promise<void> {
    if (this.#unfinished.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#finished = resolve;
    });
  }
}
