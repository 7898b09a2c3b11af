import type { LayerMessage } from "../channel-layer.ts";
import type { Codec } from "../codec.ts";
import { deliveryOf } from "../delivery.ts";
import { formatPosition } from "../position.ts";
import type { HistoryItem, Slice } from "../slice.ts";
import type { WrittenItem, WrittenSlice } from "./letters.ts";
import { type Data, unpack } from "../data.ts";

/** Reads what is written down in letters, as the members of a worker get it. */
export class LetterReader {
  readonly #codec: Codec;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** A message, deep-frozen. @throws ChannelLayerError of the codec. */
  message(data: Data): LayerMessage {
    return this.#codec.decode(unpack(data));
  }

  /** One message of a history. @throws ChannelLayerError of the codec. */
  item(group: string, epoch: string, { offset, data, id, except }: WrittenItem): HistoryItem {
    const delivery = deliveryOf(group, id, formatPosition(epoch, offset));
    return { offset, previous: offset - 1, message: this.message(data), delivery, except };
  }

  /** A slice of a history. @throws ChannelLayerError of the codec. */
  slice(group: string, { epoch, top, oldest, items }: WrittenSlice): Slice {
    return { epoch, top, oldest, items: items?.map((item) => this.item(group, epoch, item)) };
  }
}
