import { BlockList, isIP } from "node:net";
import { UsageError } from "../errors.ts";
import { headerValues } from "../protocol/raw-headers.ts";

/** Who a connection comes from, and what it asked for, as far as we believe it. */
export interface Provenance {
  readonly address: string;
  readonly port: number;
  readonly secure: boolean;
  /** The host that the client asked for, if a trusted proxy tells. */
  readonly host: string | undefined;
}

/**
 * Which proxies may speak for their clients: `X-Forwarded-For`, `-Proto` and `-Host` are believed
 * when they come from one of these addresses, and never otherwise.
 */
export class ProxyTrust {
  readonly #trusted: BlockList | undefined;

  /**
   * @param addresses IP addresses, or networks as `10.0.0.0/8`.
   * @throws UsageError `ERR_INVALID_OPTION` for anything else.
   */
  constructor(addresses: readonly string[]) {
    if (addresses.length > 0) this.#trusted = new BlockList();
    for (const entry of addresses) {
      const [, address = "", bits] = /^([^/]+)(?:\/(\d+))?$/.exec(entry) ?? [];
      const family = isIP(address);
      const longest = family === 4 ? 32 : 128;
      const prefix = Number(bits ?? longest);
      if (family === 0 || prefix > longest) {
        throw new UsageError(
          "ERR_INVALID_OPTION",
          `trustProxy: ${JSON.stringify(entry)} is neither an IP address nor a network like 10.0.0.0/8`,
        );
      }
      this.#trusted?.addSubnet(address, prefix, family === 4 ? "ipv4" : "ipv6");
    }
  }

  /** What to believe of a request that came over a socket from `address`. */
  judge(address: string, port: number, secure: boolean, rawHeaders: readonly string[]): Provenance {
    if (!this.#trusts(address)) return { address, port, secure, host: undefined };
    // The nearest address that is not a proxy of ours is the client; what stands before it, the
    // client may have written itself.
    const hops = lastList(rawHeaders, "x-forwarded-for");
    let client = address;
    while (hops.length > 0 && this.#trusts(client)) client = withoutPort(hops.pop()!);
    const proto = lastList(rawHeaders, "x-forwarded-proto").pop()?.toLowerCase();
    const host = lastList(rawHeaders, "x-forwarded-host").pop()?.toLowerCase();
    return {
      address: client,
      port: client === address ? port : 0,
      secure: proto === undefined ? secure : proto === "https" || proto === "wss",
      host,
    };
  }

  #trusts(address: string): boolean {
    if (this.#trusted === undefined) return false;
    const family = isIP(address);
    if (family === 0) return false;
    return this.#trusted.check(address, family === 4 ? "ipv4" : "ipv6");
  }
}

function lastList(rawHeaders: readonly string[], name: string): string[] {
  const list = headerValues(rawHeaders, name).join(",").split(",");
  return list.map((entry) => entry.trim()).filter((entry) => entry !== "");
}

function withoutPort(hop: string): string {
  if (isIP(hop) !== 0) return hop;
  return /^\[(.+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
}
