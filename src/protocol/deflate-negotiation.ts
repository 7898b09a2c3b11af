import { HandshakeError } from "../errors.ts";
import type { DeflateShare } from "./deflate-share.ts";
import type { ExtensionOffer, ExtensionParameter } from "./extension-offer.ts";
import { PermessageDeflate } from "./permessage-deflate.ts";
import { quoted } from "./token.ts";

/** The registered name (RFC 7692 §9.1). */
export const deflateName = "permessage-deflate";

/** What a server answers to an offer, and the extension that follows from it. */
export interface DeflateAgreement {
  /** For the Sec-WebSocket-Extensions header of the response. */
  readonly answer: ExtensionOffer;
  /** The caller's to dispose of, also if the handshake comes to nothing. */
  readonly extension: PermessageDeflate;
}

/** The parameters of one offer or answer (RFC 7692 §7.1); undefined for what was not named. */
interface Parameters {
  serverTakeover: boolean;
  clientTakeover: boolean;
  serverBits: number | undefined;
  /** `true` if it came without a value, as an offer may. */
  clientBits: number | true | undefined;
}

/**
 * Accepts the first of a client's offers that is valid (RFC 7692 §5, §7.1): undefined if there is
 * none, and the handshake goes on without the extension. Never throws, whatever was offered.
 */
export function acceptDeflate(
  offers: readonly ExtensionOffer[],
  share: DeflateShare,
): DeflateAgreement | undefined {
  for (const { name, parameters } of offers) {
    if (name !== deflateName) continue;
    const offered = readParameters(parameters, "offer");
    if (offered !== undefined) return answerTo(offered, share);
  }
  return undefined;
}

function answerTo(offered: Parameters, share: DeflateShare): DeflateAgreement {
  const { options } = share;
  const parameters: ExtensionParameter[] = [];
  const sending = {
    windowBits: Math.min(offered.serverBits ?? 15, options.serverMaxWindowBits),
    contextTakeover: offered.serverTakeover && !options.serverNoContextTakeover,
  };
  // §7.1.2.2: only a client that named this parameter can be told to look back less far.
  const clientBits =
    offered.clientBits === undefined
      ? 15
      : Math.min(
          offered.clientBits === true ? 15 : offered.clientBits,
          options.clientMaxWindowBits,
        );
  const receiving = {
    windowBits: clientBits,
    contextTakeover:
      offered.clientTakeover && !options.clientNoContextTakeover && share.reserve(2 ** clientBits),
  };
  if (!sending.contextTakeover) parameters.push(["server_no_context_takeover", true]);
  if (!receiving.contextTakeover) parameters.push(["client_no_context_takeover", true]);
  if (offered.serverBits !== undefined || sending.windowBits < 15) {
    parameters.push(["server_max_window_bits", String(sending.windowBits)]);
  }
  if (offered.clientBits !== undefined && clientBits < 15) {
    parameters.push(["client_max_window_bits", String(clientBits)]);
  }
  return {
    answer: { name: deflateName, parameters },
    extension: new PermessageDeflate(share, sending, receiving),
  };
}

/** What a client offers (RFC 7692 §7.1), for its Sec-WebSocket-Extensions header. */
export function deflateOffers(share: DeflateShare): ExtensionOffer[] {
  const { options } = share;
  const parameters: ExtensionParameter[] = [];
  if (options.serverNoContextTakeover) parameters.push(["server_no_context_takeover", true]);
  if (options.clientNoContextTakeover) parameters.push(["client_no_context_takeover", true]);
  if (options.serverMaxWindowBits < 15) {
    parameters.push(["server_max_window_bits", String(options.serverMaxWindowBits)]);
  }
  const bits = options.clientMaxWindowBits;
  parameters.push(["client_max_window_bits", bits < 15 ? String(bits) : true]);
  return [{ name: deflateName, parameters }];
}

/**
 * Judges what a server answered to {@link deflateOffers} (RFC 7692 §5.1, §7.1): the extension that
 * follows, undefined if it agreed on none, or why the connection fails. Never throws.
 */
export function judgeDeflate(
  answers: readonly ExtensionOffer[],
  share: DeflateShare,
): PermessageDeflate | HandshakeError | undefined {
  const [answer, ...more] = answers.filter(({ name }) => name === deflateName);
  if (answer === undefined) return undefined;
  if (more.length > 0) return refuse("more than once");
  const { options } = share;
  const agreed = readParameters(answer.parameters, "answer");
  if (agreed === undefined) return refuse("with invalid parameters");
  // §7.1.1.1, §7.1.2.1: what the client asked of the server must be granted.
  if (options.serverNoContextTakeover && agreed.serverTakeover) {
    return refuse("without server_no_context_takeover");
  }
  const serverBits = agreed.serverBits ?? 15;
  if (serverBits > options.serverMaxWindowBits) {
    return refuse(`with server_max_window_bits ${serverBits}`);
  }
  const clientBits = typeof agreed.clientBits === "number" ? agreed.clientBits : 15;
  // §7.1.2.2: a limit that the offer named may be lowered, not raised.
  if (agreed.clientBits !== undefined && clientBits > options.clientMaxWindowBits) {
    return refuse(`with client_max_window_bits ${clientBits}`);
  }
  const sending = {
    windowBits: Math.min(clientBits, options.clientMaxWindowBits),
    contextTakeover: agreed.clientTakeover && !options.clientNoContextTakeover,
  };
  const receiving = { windowBits: serverBits, contextTakeover: agreed.serverTakeover };
  if (receiving.contextTakeover) share.oblige(2 ** serverBits);
  return new PermessageDeflate(share, sending, receiving);
}

/** Reads parameters (RFC 7692 §7.1); undefined if one is unknown, comes twice or has a wrong value. */
function readParameters(
  list: readonly ExtensionParameter[],
  kind: "offer" | "answer",
): Parameters | undefined {
  const found: Parameters = {
    serverTakeover: true,
    clientTakeover: true,
    serverBits: undefined,
    clientBits: undefined,
  };
  for (const [name, value] of list) {
    if (name === "server_no_context_takeover" && value === true && found.serverTakeover) {
      found.serverTakeover = false;
    } else if (name === "client_no_context_takeover" && value === true && found.clientTakeover) {
      found.clientTakeover = false;
    } else if (name === "server_max_window_bits" && found.serverBits === undefined) {
      found.serverBits = windowBits(value);
      if (found.serverBits === undefined) return undefined;
    } else if (name === "client_max_window_bits" && found.clientBits === undefined) {
      found.clientBits = value === true && kind === "offer" ? true : windowBits(value);
      if (found.clientBits === undefined) return undefined;
    } else {
      return undefined;
    }
  }
  return found;
}

/** §7.1.2: "a decimal integer value without leading zeroes between 8 to 15, inclusive". */
function windowBits(value: string | true): number | undefined {
  return typeof value === "string" && /^([89]|1[0-5])$/.test(value) ? Number(value) : undefined;
}

function refuse(how: string): HandshakeError {
  const message = `the server chose ${quoted(deflateName)} ${how}`;
  return new HandshakeError("ERR_HANDSHAKE_EXTENSION", 101, message);
}
