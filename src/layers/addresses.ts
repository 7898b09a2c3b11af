import { randomBytes } from "node:crypto";
import type { LocalChannel } from "./local-channel.ts";
import { anonymousPrefix } from "./name.ts";

/** One channel of a process, named in letters. */
export type Member = number;

/**
 * How the channels of one process are known outside: by a number in letters, and by a name that is made
 * of it. A channel that never joined and whose name nobody asked for has none and costs nothing.
 */
export class Addresses {
  /** The name of this process, for as long as it lives. Nobody outside guesses it: 96 random bits. */
  readonly home: string = randomBytes(12).toString("base64url");
  /** How the names begin that are made here. */
  readonly prefix: string = `${anonymousPrefix}${this.home}.`;
  readonly #numbers = new Map<LocalChannel, Member>();
  /** Those that can be sent to. */
  readonly #channels = new Map<Member, LocalChannel>();
  readonly #fixed = new Map<Member, string>();
  #counted = 0;

  /** The number of a channel, made now if there is none. */
  numberOf(channel: LocalChannel): Member {
    let number = this.#numbers.get(channel);
    if (number === undefined) {
      this.#counted += 1;
      number = this.#counted;
      this.#numbers.set(channel, number);
    }
    return number;
  }

  /** The number of a channel, if it has one. */
  find(channel: LocalChannel): Member | undefined {
    return this.#numbers.get(channel);
  }

  /** Makes a channel reachable, under a fixed name or the one that this returns. */
  publish(channel: LocalChannel, fixed?: string): string {
    const number = this.numberOf(channel);
    this.#channels.set(number, channel);
    if (fixed !== undefined) this.#fixed.set(number, fixed);
    return fixed ?? this.nameOf(number);
  }

  /** The name of a channel, which is reachable by it from now on if it is open. */
  nameFor(channel: LocalChannel, isOpen: boolean): string {
    if (isOpen) return this.publish(channel);
    const name = this.nameOf(this.numberOf(channel));
    this.forget(channel);
    return name;
  }

  /** The name of a number. */
  nameOf(number: Member): string {
    return this.prefix + number.toString(36);
  }

  /** The channel of a number, if it can be sent to. */
  reach(number: Member): LocalChannel | undefined {
    return this.#channels.get(number);
  }

  /** The channel of a name that was made here, if it can be sent to. */
  reachByName(name: string): LocalChannel | undefined {
    const number = Number.parseInt(name.slice(this.prefix.length), 36);
    // One number has one name.
    return this.nameOf(number) === name ? this.#channels.get(number) : undefined;
  }

  /** Those with a fixed name. */
  fixed(): [reader: Member, name: string][] {
    return [...this.#fixed];
  }

  /** Forgets a channel; whether it had a fixed name. */
  forget(channel: LocalChannel): boolean {
    const number = this.#numbers.get(channel);
    if (number === undefined) return false;
    this.#numbers.delete(channel);
    this.#channels.delete(number);
    return this.#fixed.delete(number);
  }

  /** Forgets all of them. */
  clear(): void {
    this.#numbers.clear();
    this.#channels.clear();
    this.#fixed.clear();
  }
}

/** The process in which a name was made; undefined for what is no such name. */
export function homeOf(name: string): string | undefined {
  return shape.exec(name)?.[1];
}

const shape = /^sluice\.([\w-]{16})\.[\da-z]{1,11}$/;
