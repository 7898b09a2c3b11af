import { createHash } from "node:crypto";
import { reservedMessage } from "../internal/reserved-message.ts";
import type { ChannelLayer, LayerMessage } from "../layers/channel-layer.ts";
import type { Ending } from "./ending.ts";

/** What connections belong to, and can be ended by. */
export type Belonging = "session" | "user";

/**
 * The group of the connections that belong to one session or user. Its name has a hash in place of
 * the id: names of groups are seen by brokers, and an id of a session lets everybody in.
 */
export function revocationGroup(of: Belonging, id: string): string {
  const hash = createHash("sha256").update(of).update("\0").update(id).digest("base64url");
  return `sluice.${of}.${hash}`;
}

/** Ends the connections of a session or user in all processes of a layer. */
export async function revoke(
  layer: ChannelLayer,
  of: Belonging,
  id: string,
  { code, reason }: Ending,
): Promise<void> {
  const message = reservedMessage({ type: `sluice.${of}.revoke`, code, reason });
  await layer.groupSend(revocationGroup(of, id), message);
}

/** What a message on a revocation group asks for; undefined if it is not one of ours. */
export function readRevocation(of: Belonging, message: LayerMessage): Ending | undefined {
  const { type, code, reason } = message;
  if (type !== `sluice.${of}.revoke`) return undefined;
  return typeof code === "number" && typeof reason === "string" ? { code, reason } : undefined;
}
