import type { Channel, ChannelLayer, Delivery, Gap, LayerMessage } from "sluice";

/** A member that notes what it gets. */
export class Reader {
  readonly channel: Channel;
  readonly texts: unknown[] = [];
  readonly positions: string[] = [];
  readonly gaps: Gap[] = [];

  constructor(layer: ChannelLayer) {
    this.channel = layer.channel({
      deliver: (message: LayerMessage, delivery: Delivery) => this.#note(message, delivery),
      offer: (message: LayerMessage, delivery: Delivery) => {
        this.#note(message, delivery);
        return true;
      },
      gap: (gap: Gap) => void this.gaps.push(gap),
    });
  }

  #note(message: LayerMessage, { position }: Delivery): void {
    this.texts.push(message.text);
    if (position !== undefined) this.positions.push(position);
  }
}

export function note(text: unknown): LayerMessage {
  return { type: "test.note", text };
}
