import { ChannelLayerError } from "../../errors.ts";
import { away } from "../away.ts";
import type { Position } from "../position.ts";
import type { Address, Append, Broker } from "./broker.ts";
import { type IgnoreReason, publish } from "./diagnostics.ts";
import { type Letter, type Process, readLetter, writeLetter } from "./letters.ts";
import type { Sealer } from "./sealer.ts";

/** What a {@link BrokerLink} needs to know. */
export interface BrokerLinkOptions {
  readonly broker: Broker;
  readonly sealer: Sealer;
  /** How many bytes may be on their way to the engine. */
  readonly backlog: number;
  /** The engine knows that a process is not there. */
  readonly gone: (process: Process) => void;
}

/**
 * What a layer writes on its broker and reads from it: sealed, and never more at a time than its
 * backlog. What cannot be read is counted, and that is all.
 */
export class BrokerLink {
  readonly #options: BrokerLinkOptions;
  readonly #sealer: Sealer;
  /** Bytes that the engine has not confirmed. */
  #waiting = 0;

  constructor(options: BrokerLinkOptions) {
    this.#options = options;
    this.#sealer = options.sealer;
  }

  /** How many bytes are on their way. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The most that fits into one letter, with room to spare for what is around it. */
  get largestPart(): number {
    const most = this.#options.broker.maxSize - this.#sealer.overhead;
    return Math.max(1_024, Math.min(256 * 1024, Math.floor(most / 2)));
  }

  /** Publishes a body; see {@link Broker.publish}. */
  async publish(address: Address, parts: readonly Uint8Array[]): Promise<boolean> {
    const { broker } = this.#options;
    const data = this.#sealer.seal(address, parts);
    return this.#send(data.length, () => broker.publish(address, data));
  }

  /** Appends a body to a group's history; see {@link Broker.append}. */
  async append(append: Omit<Append, "data">, parts: readonly Uint8Array[]): Promise<Position> {
    const { broker } = this.#options;
    const data = this.#sealer.seal(`g${append.group}`, parts);
    return this.#send(data.length, () => broker.append({ ...append, data }));
  }

  /** Tells all processes something. */
  async tellAll(letter: Letter): Promise<void> {
    await this.publish("a", [writeLetter(letter)]);
  }

  /**
   * Tells one process something; false if it is not there. Rejects if the engine is away. `absent` is
   * called before anybody else hears that it is not there, and has not got the letter.
   */
  async tell(process: Process, letter: Letter, absent?: () => void): Promise<boolean> {
    const isThere = await this.publish(`n${process}`, [writeLetter(letter)]);
    if (isThere) return true;
    absent?.();
    this.#options.gone(process);
    return false;
  }

  /** As {@link tell}, where there is another way if it does not get there. */
  post(process: Process, letter: Letter): void {
    void this.tell(process, letter).catch(() => {});
  }

  /** Reads what came for a group; undefined, and counted, if that cannot be. */
  read(group: string, data: Uint8Array): Uint8Array | undefined {
    const body = this.#sealer.open(`g${group}`, data);
    return typeof body === "string" ? this.ignore(body, "group") : body;
  }

  /** Reads a letter; undefined, and counted, if that cannot be. */
  readLetter(address: Address, data: Uint8Array): Letter | undefined {
    const body = this.#sealer.open(address, data);
    if (typeof body === "string") return this.ignore(body, "process");
    return readLetter(body) ?? this.ignore("malformed", "process");
  }

  /** Something came that is not used. */
  ignore(reason: IgnoreReason, to: "group" | "process"): undefined {
    publish("sluice:broker.ignore", { reason, to });
  }

  async #send<T>(size: number, act: () => Promise<T>): Promise<T> {
    const { backlog, broker } = this.#options;
    if (size > broker.maxSize) {
      throw new ChannelLayerError(
        "ERR_LAYER_MESSAGE",
        `an encoded message of ${size} bytes exceeds the limit of ${broker.maxSize} of this broker`,
      );
    }
    if (this.#waiting > 0 && this.#waiting + size > backlog) {
      throw away(`${this.#waiting} bytes to the broker are on their way, of ${backlog}`);
    }
    this.#waiting += size;
    try {
      return await act();
    } finally {
      this.#waiting -= size;
    }
  }
}
