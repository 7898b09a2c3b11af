import assert from "node:assert/strict";
import {
  acceptDeflate,
  type DeflateDirection,
  deflateName,
  type DeflateShare,
  type ExtensionParameter,
  type PermessageDeflate,
} from "sluice/protocol";

/** Makes an extension that sends and receives in these ways. */
export type MakeExtension = (
  share: DeflateShare,
  sending: DeflateDirection,
  receiving: DeflateDirection,
) => PermessageDeflate;

/** A server's extension, after a client offered exactly that. */
export const agreedExtension: MakeExtension = (share, sending, receiving) => {
  const parameters: ExtensionParameter[] = [
    ["server_max_window_bits", String(sending.windowBits)],
    ["client_max_window_bits", String(receiving.windowBits)],
  ];
  if (!sending.contextTakeover) parameters.push(["server_no_context_takeover", true]);
  if (!receiving.contextTakeover) parameters.push(["client_no_context_takeover", true]);
  const agreement = acceptDeflate([{ name: deflateName, parameters }], share);
  assert(agreement !== undefined, "the offer was declined");
  return agreement.extension;
};
