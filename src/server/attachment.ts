import type { Application, Match, RouteOptions } from "../application/application.ts";
import { type ApplicationLike, toApplication } from "../application/consumer.ts";
import { isFault, type Phase } from "../application/fault.ts";
import type { Scope } from "../application/scope.ts";
import { Engine } from "../connection/engine.ts";
import { type ProtocolError, UsageError } from "../errors.ts";
import { systemClock } from "../internal/clock.ts";
import { completeLimits, type ConnectionLimits } from "../internal/limits.ts";
import type { Logger } from "../internal/logger.ts";
import { checkOptionNames } from "../internal/option-names.ts";
import type { OriginPolicy } from "../internal/origin-policy.ts";
import { SharedBytes } from "../internal/shared-bytes.ts";
import type { ChannelLayer } from "../layers/channel-layer.ts";
import { checkClose } from "../protocol/close-code.ts";
import { completeCompression } from "../protocol/compression-options.ts";
import { DeflateShare } from "../protocol/deflate-share.ts";
import type { Handshake } from "../protocol/handshake.ts";
import { checkOriginPolicy, judgeOrigin } from "../protocol/origin.ts";
import { ConnectionScope } from "./connection-scope.ts";
import { publish } from "./diagnostics.ts";
import type { Opening } from "./opening.ts";
import {
  type CloseOptions,
  closeOptionNames,
  defaultServerLimits,
  type ErrorContext,
  type ServerLimits,
  type WebSocketOptions,
} from "./options.ts";
import { type Provenance, ProxyTrust } from "./proxy-trust.ts";
import { type LinkOwner, ServerLink } from "./server-link.ts";
import { stderrLogger } from "./stderr-logger.ts";

/** How many connections are closed at once when a server drains, and how long it waits in between. */
const batches = 20;
const smallestBatch = 100;
const batchPause = 50;

/** What a timer of Node can wait; a longer one would ring at once. */
const longestTimeout = 2 ** 31 - 1;

/** One application at one HTTP server: its handshakes, its connections and their end. */
export class Attachment implements LinkOwner {
  readonly engine: Engine;
  readonly mailboxes: SharedBytes;
  readonly limits: Required<ServerLimits>;
  readonly #application: Application;
  readonly #layer: ChannelLayer | undefined;
  readonly #origins: OriginPolicy;
  readonly #proxies: ProxyTrust;
  readonly #log: Logger;
  readonly #onError: ((error: unknown, context: ErrorContext) => unknown) | undefined;
  readonly #links = new Set<ServerLink>();
  readonly #routeLimits = new WeakMap<ConnectionLimits, Required<ConnectionLimits>>();
  #pending = 0;
  #connected = 0;
  #closing: Promise<void> | undefined;
  #emptied: (() => void) | undefined;

  /** `of` is who was given the options, which it has checked. */
  constructor(of: string, options: WebSocketOptions, layer: ChannelLayer | undefined) {
    this.limits = completeLimits(options.limits, defaultServerLimits);
    this.#application = toApplication(
      options.websocket as ApplicationLike,
      `the option websocket of ${of}`,
    );
    this.#layer = layer;
    this.#origins = options.origins ?? "same-host";
    checkOriginPolicy(this.#origins, "origins");
    this.#proxies = new ProxyTrust(options.trustProxy ?? []);
    this.#log = options.log ?? stderrLogger;
    this.#onError = options.onError;
    const compression = completeCompression(options.compression ?? false);
    this.mailboxes = new SharedBytes(this.limits.mailboxBytes);
    this.engine = new Engine({
      clock: options.clock ?? systemClock,
      partialBytes: this.limits.partialBytes,
      outboxBytes: this.limits.outboxBytes,
      deflate: compression && new DeflateShare(compression),
    });
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#connected;
  }

  /** Whether {@link close} was called. */
  get draining(): boolean {
    return this.#closing !== undefined;
  }

  /** What the application says of a path; undefined if it is not ours. */
  match(path: string): Match | undefined {
    const { match } = this.#application;
    if (match === undefined) return everything;
    try {
      return match(path);
    } catch (error) {
      this.#log.error({ error, path }, "the application's match failed");
      return undefined;
    }
  }

  /** Says that a client asked for a path which is nearly one of ours. */
  missed(path: string, message: string): void {
    this.#log.warn({ path }, message);
  }

  /** Judges a handshake that asks for a path of ours, and gives it to the application. */
  receive(opening: Opening, handshake: Handshake, match: Match): void {
    if (this.draining || this.#pending >= this.limits.pendingHandshakes) {
      return opening.refuse({ status: 503, headers: { "Retry-After": "1" } });
    }
    const { slice } = this.engine;
    if (slice.spent) {
      // A crowd that comes at once does not hold up those who are in already.
      this.#pending++;
      opening.hold();
      return slice.wait({ readOn: () => this.#receiveLate(opening, handshake, match) });
    }
    this.#judge(opening, handshake, match);
    slice.mark();
  }

  #receiveLate(opening: Opening, handshake: Handshake, match: Match): void {
    this.#pending--;
    if (this.draining) {
      return opening.refuse({ status: 503, headers: { "Retry-After": "1" } });
    }
    // Nobody would tell of the end of a transport that is gone already.
    if (!opening.gone) this.#judge(opening, handshake, match);
  }

  #judge(opening: Opening, handshake: Handshake, match: Match): void {
    const { target } = opening;
    const policy = match.options.origins ?? this.#origins;
    let limits: Required<ConnectionLimits>;
    try {
      // The server's own policy was checked when it was given.
      if (policy !== this.#origins) checkOriginPolicy(policy, "origins");
      limits = this.#limitsOf(match.options);
    } catch (error) {
      this.#log.error({ error, target }, "the options of a route cannot be used");
      return opening.refuse({ status: 500 });
    }
    const { address, port, encrypted, rawHeaders } = opening;
    const from = this.#proxies.judge(address, port, encrypted, rawHeaders);
    const { origin } = handshake;
    const host = from.host ?? handshake.host;
    const foreign = judgeOrigin(policy, { origin, host, secure: from.secure });
    if (foreign !== undefined) {
      this.#log.warn({ target, origin }, foreign.message);
      return opening.refuse(foreign);
    }
    this.#connect(opening, handshake, match, from, limits);
  }

  #connect(
    opening: Opening,
    handshake: Handshake,
    match: Match,
    from: Provenance,
    limits: Required<ConnectionLimits>,
  ): void {
    const scope = new ConnectionScope({
      httpVersion: opening.httpVersion,
      secure: from.secure,
      path: handshake.path,
      query: handshake.query,
      rawHeaders: opening.rawHeaders,
      subprotocols: handshake.subprotocols,
      client: from,
      layer: this.#layer,
      match: match === everything ? undefined : match,
    });
    const link = new ServerLink(opening, handshake, scope, limits, this);
    this.#pending++;
    this.#links.add(link);
    link.start(this.#application);
  }

  /** The limits of a route; a complete set is made once for each. */
  #limitsOf({ limits }: RouteOptions): Required<ConnectionLimits> {
    if (limits === undefined) return this.limits;
    let complete = this.#routeLimits.get(limits);
    if (complete === undefined) {
      complete = completeLimits({ ...this.limits, ...limits }, defaultServerLimits);
      this.#routeLimits.set(limits, complete);
    }
    return complete;
  }

  /** @internal */
  settled(link: ServerLink, accepted: boolean): void {
    this.#pending--;
    if (accepted) this.#connected++;
    else this.#log.debug({ target: link.target }, "handshake refused");
  }

  /** @internal */
  gone(): void {
    this.#connected--;
  }

  /** @internal */
  done(link: ServerLink): void {
    this.#links.delete(link);
    if (this.#links.size === 0) this.#emptied?.();
  }

  /** @internal */
  failed(link: ServerLink, error: ProtocolError): void {
    publish("sluice:protocol.error", { scope: link.scope, error });
    this.#log.debug({ path: link.scope.path, code: error.code }, error.message);
  }

  /**
   * Drains: new handshakes get a 503, connections are closed in batches, handlers are awaited, and
   * what is left after `timeout` is destroyed. A second call means now.
   */
  close(options: CloseOptions = {}): Promise<void> {
    checkOptionNames("close", options, closeOptionNames);
    const { timeout = 30_000, code = 1012, reason = "" } = options;
    checkClose(code, reason);
    if (!(timeout >= 0 && timeout <= longestTimeout)) {
      throw new UsageError(
        "ERR_INVALID_OPTION",
        `close: timeout is ${timeout}: it has to be from 0 to ${longestTimeout}`,
      );
    }
    if (this.#closing !== undefined) {
      this.#destroyAll();
      return this.#closing;
    }
    this.#closing = this.#drain(timeout, code, reason);
    return this.#closing;
  }

  async #drain(timeout: number, code: number, reason: string): Promise<void> {
    const { clock } = this.engine;
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    // An application that closes the server while it is told of the end finds it closing.
    await Promise.resolve();
    const links = [...this.#links];
    if (links.length === 0) return;
    if (timeout === 0) {
      for (const link of links) link.drain(code, reason);
      this.#destroyAll();
      return emptied;
    }
    const lift = clock.after(timeout, () => this.#destroyAll());
    const size = Math.max(smallestBatch, Math.ceil(links.length / batches));
    for (let start = 0; start < links.length && this.#links.size > 0; start += size) {
      if (start > 0) await new Promise<void>((resolve) => clock.after(batchPause, resolve));
      for (const link of links.slice(start, start + size)) link.drain(code, reason);
    }
    await emptied;
    lift();
  }

  #destroyAll(): void {
    for (const link of this.#links) link.abandon();
  }

  /** @internal */
  report(scope: Scope, error: unknown, phase: Phase, consumer: string): void {
    publish("sluice:application.error", { scope, error, phase, consumer });
    const { path } = scope;
    if (isFault(error, "ERR_KIND_NOT_HANDLED", "ERR_HANDLER_TIMEOUT")) {
      // What a peer can bring about must not fill the log with stack traces.
      this.#log.warn({ code: error.code, phase, consumer, path }, `${consumer}: ${error.message}`);
    } else {
      this.#log.error({ error, phase, consumer, path }, `${consumer} failed in ${phase}`);
    }
    void this.#tell(error, { scope, phase, consumer });
  }

  /** Calls `onError`; what it throws, or rejects with, goes no further than the log. */
  async #tell(error: unknown, context: ErrorContext): Promise<void> {
    try {
      await this.#onError?.(error, context);
    } catch (second) {
      this.#log.error({ error: second }, "onError failed");
    }
  }
}

/** What an application without `match` says of every path. */
const everything: Match = { params: Object.freeze({}), options: {} };
