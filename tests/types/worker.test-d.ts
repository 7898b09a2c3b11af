import { type ChannelLayer, type LayerMessage, memoryLayer, worker } from "sluice";
import { expectTypeOf, test } from "vitest";

type Jobs =
  | { readonly type: "thumbnails.make"; readonly id: number }
  | { readonly type: "thumbnails.forget"; readonly name: string };

test("a worker's handlers know the messages of a typed layer", () => {
  const layer: ChannelLayer<Jobs> = memoryLayer<Jobs>();
  worker(
    {
      "thumbnails.make": ({ id }, { signal, channel }) => {
        expectTypeOf(id).toEqualTypeOf<number>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        expectTypeOf(channel).toEqualTypeOf<string>();
      },
      "thumbnails.forget": async ({ name }) => {
        expectTypeOf(name).toEqualTypeOf<string>();
      },
    },
    layer,
  );
});

test("of any other layer they know layer messages", () => {
  worker(
    {
      "thumbnails.make": (message) => {
        expectTypeOf(message).toExtend<LayerMessage>();
        expectTypeOf(message.id).toEqualTypeOf<unknown>();
      },
    },
    memoryLayer(),
  );
});
