import type { Presence } from "./channel-layer.ts";
import type { Codec } from "./codec.ts";
import { type Data, pack, unpack } from "./data.ts";
import { readPresence } from "./local-presence.ts";
import type { Shown } from "./presence-board.ts";

/** How a member is shown; what is said beside the key is encoded, in a message of its own. */
export interface WrittenPresence {
  readonly key: string;
  readonly info?: Data;
}

/**
 * Writes down how a member is to be shown.
 * @throws ChannelLayerError `ERR_LAYER_NAME` for the key, `ERR_LAYER_MESSAGE` for the info.
 */
export function writePresence(presence: Presence, codec: Codec): WrittenPresence {
  const { key, info } = readPresence(presence, codec);
  if (info === undefined) return { key };
  return { key, info: pack(codec.encode({ type: "presence.info", info })) };
}

/**
 * Reads what {@link writePresence} wrote.
 * @throws ChannelLayerError of the codec.
 */
export function readWritten({ key, info }: WrittenPresence, codec: Codec): Shown {
  if (info === undefined) return { key, info: undefined, text: "" };
  return { key, info: readInfo(info, codec), text: JSON.stringify(info) };
}

/** Reads what is said of a member. @throws ChannelLayerError of the codec. */
export function readInfo(info: Data, codec: Codec): unknown {
  return codec.decode(unpack(info)).info;
}
