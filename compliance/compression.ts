import { Violation } from "./frame.ts";

/** What one side is bound to when it compresses (RFC 7692 §7.1). */
export interface Bounds {
  /** Each message is compressed for itself. */
  readonly noContextTakeover: boolean;
  /** It refers back at most 2 to the power of this, in octets. */
  readonly windowBits: number;
}

/** What tester and peer agreed on. */
export interface Agreement {
  readonly tester: Bounds;
  readonly peer: Bounds;
}

/** What the tester asks of the peer's compression. It binds itself in the same way. */
export interface Demand {
  readonly noContextTakeover: boolean;
  /** Left out, nothing is said about the window. */
  readonly windowBits?: number;
}

type Parameters = ReadonlyMap<string, string | true>;

const extension = "permessage-deflate";

/** The offers of a client, the one that it likes best first (RFC 7692 §5.1). */
export function offerAll(demands: readonly Demand[]): string {
  return demands
    .map(({ noContextTakeover, windowBits }) =>
      [
        extension,
        windowBits === undefined
          ? "client_max_window_bits"
          : `client_max_window_bits=${windowBits}`,
        ...(noContextTakeover ? ["client_no_context_takeover", "server_no_context_takeover"] : []),
        ...(windowBits === undefined ? [] : [`server_max_window_bits=${windowBits}`]),
      ].join("; "),
    )
    .join(", ");
}

/**
 * Reads what a server made of the offers, or nothing if it declined.
 *
 * @throws Violation when it is not an answer to any of them
 */
export function readAnswer(
  header: string | undefined,
  demands: readonly Demand[],
): Agreement | undefined {
  const [answer, ...more] = parse(header);
  if (!answer) return undefined;
  if (more.length > 0) throw new Violation("more than one answer to the offers");
  const { server, client } = read(answer);
  const kept = demands.find(
    (demand) =>
      (server.noContextTakeover || !demand.noContextTakeover) &&
      (server.windowBits ?? 16) <= (demand.windowBits ?? 16),
  );
  if (!kept) throw new Violation(`the answer "${header}" fits none of the offers`);
  return {
    // Who hints at being bound is bound, whatever the answer says (RFC 7692 §7.1.1.2).
    tester: {
      noContextTakeover: client.noContextTakeover || kept.noContextTakeover,
      windowBits: least(client.windowBits, kept.windowBits) ?? 15,
    },
    peer: { noContextTakeover: server.noContextTakeover, windowBits: server.windowBits ?? 15 },
  };
}

/**
 * The answer to a client's offers that does most of what is demanded, or nothing if none of them
 * allows it.
 *
 * @throws Violation when an offer is not allowed to be made
 */
export function answerOffers(
  header: string | undefined,
  demands: readonly Demand[],
): { readonly header: string; readonly agreement: Agreement } | undefined {
  const offers = parse(header).map((offer) => ({ ...read(offer), bare: offer }));
  for (const demand of demands) {
    const offer = offers.find(
      // Nothing may be said about a window that the client does not mention (RFC 7692 §7.1.2.2).
      ({ bare }) => demand.windowBits === undefined || bare.has("client_max_window_bits"),
    );
    if (offer) return accept(offer, demand);
  }
  return undefined;
}

function accept(
  offer: { readonly server: Said; readonly client: Said },
  demand: Demand,
): { header: string; agreement: Agreement } {
  const server: Said = {
    noContextTakeover: demand.noContextTakeover || offer.server.noContextTakeover,
    windowBits: least(demand.windowBits, offer.server.windowBits),
  };
  const client: Said = {
    noContextTakeover: demand.noContextTakeover,
    windowBits: demand.windowBits && least(demand.windowBits, offer.client.windowBits),
  };
  const header = [
    extension,
    ...(server.noContextTakeover ? ["server_no_context_takeover"] : []),
    ...(client.noContextTakeover ? ["client_no_context_takeover"] : []),
    ...(server.windowBits ? [`server_max_window_bits=${server.windowBits}`] : []),
    ...(client.windowBits ? [`client_max_window_bits=${client.windowBits}`] : []),
  ].join("; ");
  return {
    header,
    agreement: {
      tester: { ...server, windowBits: server.windowBits ?? 15 },
      peer: { ...client, windowBits: client.windowBits ?? 15 },
    },
  };
}

/** What an offer or an answer says about one side. */
interface Said {
  readonly noContextTakeover: boolean;
  readonly windowBits: number | undefined;
}

function read(parameters: Parameters): { server: Said; client: Said } {
  return { server: readSide(parameters, "server"), client: readSide(parameters, "client") };
}

function readSide(parameters: Parameters, side: "server" | "client"): Said {
  const takeover = parameters.get(`${side}_no_context_takeover`);
  const window = parameters.get(`${side}_max_window_bits`);
  if (takeover !== undefined && takeover !== true) {
    throw new Violation(`${side}_no_context_takeover with a value`);
  }
  if (typeof window === "string" && !/^(8|9|1[0-5])$/.test(window)) {
    throw new Violation(`${side}_max_window_bits=${window}`);
  }
  if (window === true && side === "server") {
    throw new Violation("server_max_window_bits without a value");
  }
  return {
    noContextTakeover: takeover === true,
    windowBits: typeof window === "string" ? Number(window) : undefined,
  };
}

/** The parameters of each permessage-deflate that a header names (RFC 6455 §9.1). */
function parse(header: string | undefined): Parameters[] {
  const known = ["server", "client"].flatMap((side) => [
    `${side}_no_context_takeover`,
    `${side}_max_window_bits`,
  ]);
  return (header ?? "").split(",").flatMap((each) => {
    const [name, ...parts] = each.split(";").map((part) => part.trim());
    if (name !== extension) return [];
    const parameters = new Map<string, string | true>();
    for (const part of parts) {
      const [key = "", value] = part.split("=").map((side) => side.trim());
      if (!known.includes(key)) throw new Violation(`${extension} has no parameter "${key}"`);
      if (parameters.has(key)) throw new Violation(`${key} twice`);
      parameters.set(key, value?.replace(/^"(.*)"$/, "$1") ?? true);
    }
    return [parameters];
  });
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}
