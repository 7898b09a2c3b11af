import { randomUUID } from "node:crypto";
import type {
  Channel,
  ChannelLayer,
  Delivery,
  Gap,
  LayerMessage,
  Member,
} from "../layers/channel-layer.ts";

/** A channel and its member, which keeps what it gets. */
export class LayerReader implements Member {
  readonly channel: Channel;
  readonly messages: LayerMessage[] = [];
  readonly deliveries: Delivery[] = [];
  /** Runs inside each delivery. */
  onMessage: (message: LayerMessage) => void = () => {};

  constructor(layer: ChannelLayer, name?: string) {
    this.channel = layer.channel(this, name === undefined ? {} : { name });
  }

  deliver(message: LayerMessage, delivery: Delivery): void {
    this.messages.push(message);
    this.deliveries.push(delivery);
    this.onMessage(message);
  }

  /** The `text` of each message so far. */
  get texts(): unknown[] {
    return this.messages.map((message) => message.text);
  }
}

/** A reader that may have no room, and keeps what it is told of losses. */
export class PacedReader extends LayerReader {
  readonly gaps: Gap[] = [];
  /** How often it refused. */
  refused = 0;
  /** How many messages it takes before it has no room. */
  room: number = Infinity;

  offer(message: LayerMessage, delivery: Delivery): boolean {
    if (this.room === 0) {
      this.refused += 1;
      return false;
    }
    this.room -= 1;
    this.deliver(message, delivery);
    return true;
  }

  gap(gap: Gap): void {
    this.gaps.push(gap);
  }
}

/** A message with a text, as most checks send. */
export function note(text: unknown): LayerMessage {
  return { type: "check.note", text };
}

/** The numbers from 0 on, as texts to send and to expect. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** A name that no earlier run has used: a backend may remember those. */
export function fresh(name: string): string {
  return `${name} ${randomUUID()}`;
}
