import { UsageError } from "../errors.ts";
import { nameOfKind } from "./name-of-kind.ts";
import { checkOptionNames } from "./option-names.ts";
import type { SendOptions } from "./send-options.ts";

const optionNames: readonly string[] = [
  "key",
  "droppable",
  "compress",
] satisfies (keyof SendOptions)[];

/**
 * Checks what is to be sent as one message.
 * @throws UsageError `ERR_SEND_DATA` for what is neither text nor bytes, `ERR_INVALID_OPTION`.
 */
export function checkSendable(data: unknown, options: SendOptions | undefined): void {
  if (typeof data !== "string" && !(data instanceof Uint8Array)) {
    const hint = typeof data === "object" ? "; write a value down first, with JSON.stringify" : "";
    throw new UsageError(
      "ERR_SEND_DATA",
      `send takes a string or a Uint8Array, not ${nameOfKind(data)}${hint}`,
    );
  }
  if (options !== undefined) checkOptionNames("send", options, optionNames);
}
