import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Answer, Question, Vitals } from "./vitals.ts";

/** A server in a process of its own, and the questions that it answers. */
export class Victim implements AsyncDisposable {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#process = child;
    this.port = port;
  }

  /** Starts the program of this name. */
  static async start(program: string): Promise<Victim> {
    const child = fork(join(import.meta.dirname, program), { execArgv: ["--expose-gc"] });
    const [message] = (await once(child, "message")) as [{ readonly port: number }];
    return new Victim(child, message.port);
  }

  /** Has it measured from here on. */
  async begin(): Promise<void> {
    await this.#ask("begin");
  }

  /** What happened since {@link begin}. */
  async report(): Promise<Vitals> {
    return (await this.#ask("report")) as Vitals;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }

  async #ask(question: Question): Promise<Answer> {
    const answered = once(this.#process, "message");
    const ended = once(this.#process, "exit").then(() => {
      throw new Error("the victim is gone");
    });
    this.#process.send(question);
    const [answer] = (await Promise.race([answered, ended])) as [Answer];
    return answer;
  }
}
