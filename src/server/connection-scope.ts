import type { Match } from "../application/application.ts";
import { type Ahead, ahead } from "../application/router.ts";
import { mergeParams } from "../application/route.ts";
import type { Scope } from "../application/scope.ts";
import { UsageError } from "../errors.ts";
import { emptyRecord } from "../internal/bare-record.ts";
import type { ChannelLayer } from "../layers/channel-layer.ts";
import { joinHeaders } from "../protocol/raw-headers.ts";

/** What {@link ConnectionScope} is made of. */
export interface ScopeSource {
  readonly httpVersion: "1.1" | "2";
  readonly secure: boolean;
  readonly path: string;
  /** The raw query, without "?". */
  readonly query: string;
  readonly rawHeaders: readonly string[];
  readonly subprotocols: readonly string[];
  readonly client: Scope["client"];
  readonly layer: ChannelLayer | undefined;
  /** What the application's own `match` said of the path, if it has one. */
  readonly match?: Match | undefined;
}

/** What a scope makes on first use is kept beside what it is made of. */
interface Source extends Omit<ScopeSource, "rawHeaders" | "client" | "match">, Ahead {
  /**
   * All names and values in one text, which takes a third of the memory of so many strings: a scope
   * lives as long as its connection, and most never ask. No line break can be in a header.
   */
  readonly headerLines: string;
  readonly params: object;
  readonly address: string;
  readonly port: number;
  client?: Scope["client"];
  parsedQuery?: URLSearchParams;
  parsedHeaders?: Readonly<Record<string, string>>;
}

/** Where a scope keeps it. A `#private` field would not do: it is not copied to widened scopes. */
const source = Symbol("source");

const none: readonly string[] = Object.freeze([]);

function sourceOf(scope: Scope & { readonly [source]?: Source }): Source {
  return scope[source]!;
}

/** The scope of a connection that came over HTTP. */
export class ConnectionScope implements Scope {
  constructor(from: ScopeSource) {
    const { match } = from;
    // Written out: of objects made by spreading, each has a shape of its own.
    const own: Source = {
      httpVersion: from.httpVersion,
      secure: from.secure,
      path: from.path,
      query: from.query,
      headerLines: from.rawHeaders.join("\n"),
      subprotocols: from.subprotocols.length === 0 ? none : from.subprotocols,
      address: from.client.address,
      port: from.client.port,
      layer: from.layer,
      match,
      params: match === undefined ? emptyRecord : mergeParams(emptyRecord, match.params),
    };
    (this as { [source]?: Source })[source] = own;
    (this as { [ahead]?: Ahead })[ahead] = own;
    Object.freeze(this);
  }

  get httpVersion(): "1.1" | "2" {
    return sourceOf(this).httpVersion;
  }

  get secure(): boolean {
    return sourceOf(this).secure;
  }

  get path(): string {
    return sourceOf(this).path;
  }

  get query(): URLSearchParams {
    const from = sourceOf(this);
    from.parsedQuery ??= new URLSearchParams(from.query);
    return from.parsedQuery;
  }

  get headers(): Readonly<Record<string, string>> {
    const from = sourceOf(this);
    from.parsedHeaders ??= joinHeaders(from.headerLines.split("\n"));
    return from.parsedHeaders;
  }

  get subprotocols(): readonly string[] {
    return sourceOf(this).subprotocols;
  }

  get client(): Scope["client"] {
    const from = sourceOf(this);
    from.client ??= { address: from.address, port: from.port };
    return from.client;
  }

  get params(): object {
    return sourceOf(this).params;
  }

  get layer(): ChannelLayer {
    const { layer } = sourceOf(this);
    if (layer === undefined) {
      throw new UsageError(
        "ERR_NO_LAYER",
        "there is no channel layer: give one to attach, as attach(server, { layer: memoryLayer(), … })",
      );
    }
    return layer;
  }
}
