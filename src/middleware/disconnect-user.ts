import { UsageError } from "../errors.ts";
import { checkOptionNames } from "../internal/option-names.ts";
import type { ChannelLayer } from "../layers/channel-layer.ts";
import { endings } from "./ending.ts";
import { revoke } from "./revocation.ts";

/** Options of {@link disconnectUser}. */
export interface DisconnectUserOptions {
  /** 4000 to 4499 let the client come back, 4500 to 4999 do not. @defaultValue 4510 */
  readonly code?: number;
  /** At most 123 bytes of UTF-8. @defaultValue "disconnected" */
  readonly reason?: string;
}

/**
 * Closes the connections of a user in all processes of a layer, at most once, as every group message.
 * The `recheck` of `authenticate` finds those that a lost message has missed: lock the user out
 * first, then call this.
 *
 * @throws UsageError (as a rejection) `ERR_CLOSE_CODE` or `ERR_CLOSE_REASON`.
 */
export async function disconnectUser(
  layer: ChannelLayer,
  id: string | number,
  options: DisconnectUserOptions = {},
): Promise<void> {
  checkOptionNames("disconnectUser", options, ["code", "reason"], "{ code, reason }");
  const { code, reason } = { ...endings.userDisconnected, ...options };
  if (!(Number.isInteger(code) && code >= 3000 && code <= 4999)) {
    throw new UsageError("ERR_CLOSE_CODE", `a user is disconnected with 3000–4999, not ${code}`);
  }
  const size = Buffer.byteLength(reason);
  if (size > 123) {
    throw new UsageError(
      "ERR_CLOSE_REASON",
      `close reason of ${size} bytes exceeds the limit of 123`,
    );
  }
  await revoke(layer, "user", String(id), { code, reason });
}
