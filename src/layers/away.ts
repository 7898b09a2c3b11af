import { ChannelLayerError } from "../errors.ts";

/** The error of what needs somebody who is away, or did not answer, and may be back. */
export function away(message: string, cause?: unknown): ChannelLayerError {
  return new ChannelLayerError("ERR_LAYER_UNREACHABLE", message, {
    temporary: true,
    ...(cause === undefined ? {} : { cause }),
  });
}
