import type { LayerMessage } from "../channel-layer.ts";
import type { Codec } from "../codec.ts";
import { deliveryOf } from "../delivery.ts";
import { formatPosition } from "../position.ts";
import type { HistoryItem, Slice } from "../slice.ts";
import type { KeptItem, KeptSlice } from "./broker.ts";
import type { BrokerLink } from "./broker-link.ts";
import { readEnvelope } from "./envelope.ts";

/** A message to a group, as its members get it. */
export interface GroupMessage {
  /** Deep-frozen. */
  readonly message: LayerMessage;
  readonly id: string | undefined;
  readonly except: string | undefined;
}

/** Reads what came from the engine for members. What cannot be read is counted, and undefined. */
export class EnvelopeReader {
  readonly #link: BrokerLink;
  readonly #codec: Codec;

  constructor(link: BrokerLink, codec: Codec) {
    this.#link = link;
    this.#codec = codec;
  }

  /** A message to a group. */
  message(group: string, data: Uint8Array): GroupMessage | undefined {
    const body = this.#link.read(group, data);
    if (body === undefined) return undefined;
    const envelope = readEnvelope(body);
    if (envelope === undefined) return this.#link.ignore("malformed", "group");
    const { id, except, payload } = envelope;
    try {
      return { message: this.#codec.decode(payload), id, except };
    } catch {
      return this.#link.ignore("malformed", "group");
    }
  }

  /** One message of a history. */
  item(
    group: string,
    epoch: string,
    { offset, previous, data }: KeptItem,
  ): HistoryItem | undefined {
    const read = this.message(group, data);
    if (read === undefined) return undefined;
    const { message, id, except } = read;
    const delivery = deliveryOf(group, id, formatPosition(epoch, offset));
    return { offset, previous, message, delivery, except };
  }

  /** A slice of a history. With one message that cannot be read it proves nothing any more. */
  slice(group: string, { epoch, top, oldest, items: kept }: KeptSlice): Slice {
    if (kept === undefined) return { epoch, top, oldest, items: undefined };
    const items: HistoryItem[] = [];
    for (const each of kept) {
      const item = this.item(group, epoch, each);
      if (item === undefined) return { epoch, top, oldest, items: undefined };
      items.push(item);
    }
    return { epoch, top, oldest, items };
  }
}
