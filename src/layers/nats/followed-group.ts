import { calendar, type Clock } from "../../internal/clock.ts";
import type { BrokerEars } from "../broker/broker.ts";
import type { HistoryStream } from "./history-stream.ts";
import type { NatsMessage } from "./nats-connection.ts";
import { digest, epochOf } from "./subjects.ts";

/**
 * A group with a history that this process follows: reads what the server publishes again, and knows
 * when the group was last seen to be quiet.
 *
 * A stream forgets what was in a group together with its last message. So what came before a message
 * is unknown if the group was empty, unless it was looked at shortly before: what came after that is
 * too young to be gone.
 */
export class FollowedGroup {
  readonly group: string;
  /** Where its history is, since it was read for the first time. */
  stream: HistoryStream | undefined;
  readonly #clock: Clock;
  readonly #hash: string;
  #streamName = "";
  #epoch: string | undefined;
  /** The proof: nothing of the group was newer than this at that moment. */
  #provenEpoch = "";
  #provenOffset = 0;
  #provenAt = Number.NEGATIVE_INFINITY;
  #provenDate = Number.NEGATIVE_INFINITY;
  /** The last time that something came into the empty group: nothing is between these two. */
  #quietFrom = 0;
  #quietTo = 0;

  constructor(group: string, clock: Clock) {
    this.group = group;
    this.#clock = clock;
    this.#hash = digest(group);
  }

  /** What the group's newest message was when it was last looked at, or a later number. */
  provenIn(epoch: string): number | undefined {
    return epoch === this.#provenEpoch ? this.#provenOffset : undefined;
  }

  /**
   * A message of the group that proves all after `offset` whole, if it is still held: none of the
   * group's lies between the two.
   */
  anchorOf(epoch: string, offset: number): number {
    const isQuiet = offset >= this.#quietFrom && offset < this.#quietTo;
    return isQuiet && epoch === this.#provenEpoch ? this.#quietTo : offset;
  }

  /** How long ago that was, in milliseconds. */
  get age(): number {
    // A machine that slept has not counted that time, but the calendar has.
    return Math.max(this.#clock.now() - this.#provenAt, calendar.now() - this.#provenDate);
  }

  /** Whether nothing that came after that can be too old by now. Half of the time is for delays. */
  get isFresh(): boolean {
    return this.stream !== undefined && this.age < this.stream.holdsFor / 2;
  }

  /**
   * At a moment nothing of the group was newer than `offset`, which may be any later one if the group
   * was empty. `age` is how long ago that moment is, at most.
   */
  prove(epoch: string, offset: number, isEmpty: boolean, age: number): void {
    // Of an empty group the earlier offset says more.
    if (epoch !== this.#provenEpoch) this.#quietTo = 0;
    if (!isEmpty || epoch !== this.#provenEpoch || !this.isFresh) {
      this.#provenEpoch = epoch;
      this.#provenOffset = offset;
    }
    this.#provenAt = this.#clock.now() - age;
    this.#provenDate = calendar.now() - age;
  }

  /** Takes what the server has published again, and says whose message it is. */
  take({ headers, data }: NatsMessage, ears: BrokerEars): void {
    if (headers === undefined) return;
    const streamName = headers.get("Nats-Stream");
    const offset = Number(headers.get("Nats-Sequence"));
    const before = Number(headers.get("Nats-Last-Sequence"));
    if (streamName !== this.#streamName) {
      this.#streamName = streamName;
      // Processes whose rules differ keep a group in several streams: there is one that counts here.
      const isOurs = this.stream?.mayBe(streamName) ?? true;
      this.#epoch = isOurs ? epochOf(streamName, this.#hash) : undefined;
    }
    const epoch = this.#epoch;
    if (epoch === undefined || !Number.isSafeInteger(offset) || offset < 1) return;
    this.stream?.heard(streamName, offset);
    ears.kept(this.group, epoch, { offset, previous: this.#previous(epoch, offset, before), data });
  }

  /** `before` is what the stream held of the group when it took the message. */
  #previous(epoch: string, offset: number, before: number): number {
    const proven = epoch === this.#provenEpoch ? this.#provenOffset : undefined;
    // Without a proof the number before is claimed to be the group's, so that it is looked for.
    if (before === 0 && (proven === undefined || proven >= offset || !this.isFresh)) {
      return offset - 1;
    }
    if (proven !== undefined && before <= proven && proven < offset) {
      this.#provenOffset = offset;
      this.#provenAt = this.#clock.now();
      this.#provenDate = calendar.now();
      if (before > 0) return before;
      this.#quietFrom = proven;
      this.#quietTo = offset;
      return proven;
    }
    return before;
  }
}
