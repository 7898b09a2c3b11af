import type { Channel, Delivery, Gap, LayerMessage, Member } from "./channel-layer.ts";
import type { LocalMember } from "./local-groups.ts";

/** What a layer does for the channels that it opened. */
export interface ChannelHost {
  /** Makes a name, under which the channel can be reached from now on. */
  nameFor(channel: LocalChannel): string;
  /** Its member has room again. */
  resume(channel: LocalChannel): void;
  /** It was closed. Leaves its groups at once; resolves when the backend knows it too. */
  forget(channel: LocalChannel, name: string | undefined): Promise<void>;
}

/** One reader of a layer, in this process. A connection that nobody addresses costs these three fields. */
export class LocalChannel implements Channel, LocalMember {
  readonly #host: ChannelHost;
  /** Absent once closed, so that a channel kept by somebody keeps no connection. */
  #member: Member | undefined;
  /** Its fixed name, or the one that was made when somebody first asked. */
  #name: string | undefined;

  constructor(host: ChannelHost, member: Member, name?: string) {
    this.#host = host;
    this.#member = member;
    this.#name = name;
  }

  get name(): string {
    this.#name ??= this.#host.nameFor(this);
    return this.#name;
  }

  answersTo(name: string): boolean {
    return this.#name === name;
  }

  /** Whether this host opened it, and it was not closed. */
  isOpenOn(host: ChannelHost): boolean {
    return this.#host === host && this.#member !== undefined;
  }

  deliver(message: LayerMessage, delivery: Delivery): void {
    this.#member?.deliver(message, delivery);
  }

  offer(message: LayerMessage, delivery: Delivery): boolean {
    const member = this.#member;
    if (member === undefined) return true;
    if (member.offer !== undefined) return member.offer(message, delivery);
    member.deliver(message, delivery);
    return true;
  }

  gap(gap: Gap): void {
    this.#member?.gap?.(gap);
  }

  resume(): void {
    if (this.#member !== undefined) this.#host.resume(this);
  }

  async close(): Promise<void> {
    if (this.#member === undefined) return;
    this.#member = undefined;
    await this.#host.forget(this, this.#name);
  }
}
