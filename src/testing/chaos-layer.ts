import { ChannelLayerError } from "../errors.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import { OptionCheck } from "../internal/option-check.ts";
import { checkOptionNames } from "../internal/option-names.ts";
import type {
  Channel,
  ChannelLayer,
  ChannelOptions,
  GroupSendOptions,
  Joined,
  JoinOptions,
  LayerMessage,
  Member,
} from "../layers/channel-layer.ts";
import { LateMember } from "./late-member.ts";
import { Random } from "./random.ts";
import { WrappedChannel, WrappedLayer } from "./wrapped-layer.ts";

/** Options of {@link chaosLayer}. What is left out does not happen. */
export interface ChaosOptions {
  /** The same seed and the same calls break the same things. */
  readonly seed: number;
  /** The probability that a message is lost on its way to one member. */
  readonly drop?: number;
  /** The longest time that a message is on its way, in milliseconds; they still come in order. */
  readonly delay?: number;
  /** The probability that a message may come before earlier ones that are on their way. */
  readonly reorder?: number;
  /** The probability that a call does not reach the backend: it rejects, and may be tried again. */
  readonly disconnect?: number;
  /** For the delays. @defaultValue the system's */
  readonly clock?: Clock;
}

/**
 * Makes a layer that breaks its promises about delivery on purpose, and the same way each time:
 *
 * ```ts
 * const layer = chaosLayer(memoryLayer(), { seed: 1, drop: 0.1, delay: 50, reorder: 0.2 });
 * ```
 *
 * One promise is kept: who left a group, or closed its channel, gets nothing more of it. Leaving and
 * closing always succeed, as they do in a real layer that has lost its backend.
 *
 * @throws UsageError `ERR_INVALID_OPTION` for a probability that is none, a delay out of range, or a
 * `reorder` without the `delay` in which messages could overtake each other.
 */
export function chaosLayer(layer: ChannelLayer, options: ChaosOptions): ChannelLayer {
  return new ChaosLayer(layer, options);
}

const optionNames: readonly string[] = [
  "seed",
  "drop",
  "delay",
  "reorder",
  "disconnect",
  "clock",
] satisfies (keyof ChaosOptions)[];

class ChaosLayer extends WrappedLayer {
  readonly #options: Required<ChaosOptions>;
  readonly #random: Random;
  readonly #members = new Set<LateMember>();

  constructor(layer: ChannelLayer, options: ChaosOptions) {
    super(layer);
    checkOptionNames("chaosLayer", options, optionNames, "chaosLayer(layer, { … })");
    const none = { drop: 0, delay: 0, reorder: 0, disconnect: 0, clock: systemClock };
    this.#options = { ...none, ...options };
    check(this.#options);
    this.#random = new Random(options.seed);
  }

  override channel(member: Member, options?: ChannelOptions): Channel {
    const { clock, drop, delay, reorder } = this.#options;
    const random = this.#random;
    const late = new LateMember(member, clock, () => ({
      lost: random.happens(drop),
      delay: delay === 0 ? 0 : Math.floor(random.next() * (delay + 1)),
      overtakes: random.happens(reorder),
    }));
    const { inner } = super.channel(late, options) as WrappedChannel;
    this.#members.add(late);
    return new LateChannel(inner, late, this.#members);
  }

  override async send(channel: string, message: LayerMessage): Promise<void> {
    this.#reach(`send to ${channel}`);
    await super.send(channel, message);
  }

  override async join(group: string, channel: Channel, options?: JoinOptions): Promise<Joined> {
    this.#reach(`join ${group}`);
    return super.join(group, channel, options);
  }

  override async leave(group: string, channel: Channel): Promise<void> {
    if (channel instanceof LateChannel) channel.late.forget(group);
    await super.leave(group, channel);
  }

  override async groupSend(
    group: string,
    message: LayerMessage,
    options?: GroupSendOptions,
  ): Promise<string | undefined> {
    this.#reach(`send to the group ${group}`);
    return super.groupSend(group, message, options);
  }

  override async close(): Promise<void> {
    for (const member of this.#members) member.forget();
    this.#members.clear();
    await super.close();
  }

  #reach(what: string): void {
    if (!this.#random.happens(this.#options.disconnect)) return;
    throw new ChannelLayerError("ERR_LAYER_UNREACHABLE", `chaos: cannot ${what}`, {
      temporary: true,
    });
  }
}

class LateChannel extends WrappedChannel {
  readonly late: LateMember;
  readonly #open: Set<LateMember>;

  constructor(inner: Channel, late: LateMember, open: Set<LateMember>) {
    super(inner);
    this.late = late;
    this.#open = open;
  }

  override close(): Promise<void> {
    this.late.forget();
    this.#open.delete(this.late);
    return super.close();
  }
}

function check({ seed, drop, delay, reorder, disconnect }: Required<ChaosOptions>): void {
  if (!Number.isSafeInteger(seed)) wrong("seed", seed, "a whole number");
  for (const [name, value] of Object.entries({ drop, reorder, disconnect })) {
    if (!(value >= 0 && value <= 1)) wrong(name, value, "a probability from 0 to 1");
  }
  if (!(delay >= 0 && delay < 2 ** 31)) wrong("delay", delay, "a time from 0");
  if (reorder > 0 && delay === 0) wrong("delay", delay, "above 0 for anything to overtake");
}

function wrong(name: string, value: number, expected: string): never {
  return new OptionCheck("chaosLayer").wrong(name, value, expected);
}
