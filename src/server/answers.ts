import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The answers to plain HTTP requests that are not finished yet. */
export class Answers {
  /** By socket: an answer that waits behind others tells of no end of its own when its socket goes. */
  readonly #unfinished = new Map<Socket, Set<ServerResponse>>();
  #count = 0;
  #finished: (() => void) | undefined;

  /** Watches over an answer until it is sent, or its client is gone. */
  add(socket: Socket, answer: ServerResponse): void {
    let answers = this.#unfinished.get(socket);
    if (answers === undefined) {
      answers = new Set();
      this.#unfinished.set(socket, answers);
      socket.once("close", () => this.#forget(socket));
    }
    answers.add(answer);
    this.#count++;
    answer.once("close", () => {
      if (this.#unfinished.get(socket)?.delete(answer) === true) this.#subtract(1);
    });
  }

  /** Whether a part of an answer went out over a socket: another one would be taken for its rest. */
  began(socket: Socket): boolean {
    return [...(this.#unfinished.get(socket) ?? [])].some((answer) => answer.headersSent);
  }

  /** Resolves when there is none. */
  async finished(): Promise<void> {
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      this.#finished = resolve;
    });
  }

  #forget(socket: Socket): void {
    const answers = this.#unfinished.get(socket);
    this.#unfinished.delete(socket);
    this.#subtract(answers?.size ?? 0);
  }

  #subtract(count: number): void {
    this.#count -= count;
    if (this.#count === 0) this.#finished?.();
  }
}
