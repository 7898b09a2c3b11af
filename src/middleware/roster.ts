import { isFault } from "../application/fault.ts";
import type { Scope } from "../application/scope.ts";
import type { Clock } from "../internal/clock.ts";
import type { Channel, ChannelLayer } from "../layers/channel-layer.ts";
import { publish } from "./diagnostics.ts";
import type { Ending } from "./ending.ts";
import { type Belonging, readRevocation, revocationGroup, revoke } from "./revocation.ts";
import { Rounds } from "./rounds.ts";

/** One connection on a {@link Roster}. */
export interface Attendee {
  readonly scope: Scope;
  /** Ends the connection; a second time it does nothing. */
  end(ending: Ending): void;
}

/** Options of {@link Roster}. */
export interface RosterOptions<A extends Attendee> {
  /** What the connections belong to. */
  readonly of: Belonging;
  readonly clock: Pick<Clock, "now" | "after">;
  /** How often it is asked whether the connections of one id may stay, in milliseconds. */
  readonly recheckInterval: number;
  /** Whether they may. A rejection is a yes for now: an outage is no reason to end anything. */
  readonly recheck: (attendees: ReadonlySet<A>) => Promise<boolean>;
  /** How those end who may not. */
  readonly ending: Ending;
}

/**
 * Who is connected in this process, by session or by user, so that all of one can be ended at once:
 * from here, or from any process through the layer; and if that message is lost, by asking again.
 *
 * Its channels on the layer are its own, one for each id and not one for each connection. So a
 * handler that is busy, or a mailbox that is full, cannot hold a revocation back.
 */
export class Roster<A extends Attendee> {
  readonly #options: RosterOptions<A>;
  readonly #parties = new Map<string, Party<A>>();
  readonly #rounds: Rounds<Party<A>>;
  readonly #layers: LayerMemory = new LayerMemory();

  constructor(options: RosterOptions<A>) {
    this.#options = options;
    this.#rounds = new Rounds(options.clock, options.recheckInterval, (party) =>
      this.#recheck(party),
    );
  }

  /**
   * Puts a connection on the list. Resolves when revocations from elsewhere reach it; a layer that
   * cannot be joined is left to the next check.
   */
  async add(id: string, attendee: A): Promise<void> {
    const group = revocationGroup(this.#options.of, id);
    let party = this.#parties.get(group);
    if (party === undefined) {
      party = new Party(this.#options.of, group);
      this.#parties.set(group, party);
      this.#rounds.add(party);
    }
    party.attendees.add(attendee);
    const layer = layerOf(attendee.scope);
    if (layer === undefined) return;
    this.#layers.add(layer);
    await party.listen(layer);
  }

  /** Takes a connection off the list. */
  remove(id: string, attendee: A): void {
    const group = revocationGroup(this.#options.of, id);
    const party = this.#parties.get(group);
    if (party === undefined) return;
    party.attendees.delete(attendee);
    if (party.attendees.size > 0) return;
    this.#parties.delete(group);
    this.#rounds.delete(party);
    party.disperse();
  }

  /** Ends the connections of an id: here at once, elsewhere through every layer known here. */
  end(id: string, ending: Ending): void {
    const { of } = this.#options;
    this.#parties.get(revocationGroup(of, id))?.end(ending);
    for (const layer of this.#layers) {
      revoke(layer, of, id, ending).catch((error: unknown) =>
        publish("sluice:revocation.error", { of, phase: "send", error }),
      );
    }
  }

  /** Makes a layer known before anybody connects over it. */
  know(layer: ChannelLayer): void {
    this.#layers.add(layer);
  }

  async #recheck(party: Party<A>): Promise<void> {
    const { of, recheck, ending } = this.#options;
    try {
      if (!(await recheck(party.attendees))) party.end(ending);
    } catch (error) {
      publish("sluice:revocation.error", { of, phase: "recheck", error });
    }
  }
}

/** The connections of one id. */
class Party<A extends Attendee> {
  readonly attendees = new Set<A>();
  readonly #of: Belonging;
  readonly #group: string;
  /** Nearly always one; several when servers with different layers share a middleware. */
  readonly #listening = new Map<ChannelLayer, Promise<Channel | undefined>>();

  constructor(of: Belonging, group: string) {
    this.#of = of;
    this.#group = group;
  }

  end(ending: Ending): void {
    for (const attendee of [...this.attendees]) attendee.end(ending);
  }

  async listen(layer: ChannelLayer): Promise<void> {
    let joining = this.#listening.get(layer);
    if (joining === undefined) {
      joining = this.#join(layer);
      this.#listening.set(layer, joining);
    }
    const channel = await joining;
    // Who comes next tries again.
    if (channel === undefined && this.#listening.get(layer) === joining) {
      this.#listening.delete(layer);
    }
  }

  /** Nobody is left. */
  disperse(): void {
    for (const joining of this.#listening.values()) {
      void joining
        .then((channel) => channel?.close())
        .catch(() => {
          // The layer drops what it knows of a channel by itself.
        });
    }
    this.#listening.clear();
  }

  async #join(layer: ChannelLayer): Promise<Channel | undefined> {
    let channel: Channel | undefined;
    try {
      channel = layer.channel({
        deliver: (message) => {
          const ending = readRevocation(this.#of, message);
          if (ending !== undefined) this.end(ending);
        },
      });
      await layer.join(this.#group, channel);
      return channel;
    } catch (error) {
      void channel?.close().catch(() => {});
      publish("sluice:revocation.error", { of: this.#of, phase: "join", error });
      return undefined;
    }
  }
}

/** The layers that were used, for as long as anybody else uses them. */
class LayerMemory {
  readonly #known = new WeakSet<ChannelLayer>();
  #layers: WeakRef<ChannelLayer>[] = [];

  add(layer: ChannelLayer): void {
    if (this.#known.has(layer)) return;
    this.#known.add(layer);
    this.#layers = this.#layers.filter((each) => each.deref() !== undefined);
    this.#layers.push(new WeakRef(layer));
  }

  *[Symbol.iterator](): Generator<ChannelLayer> {
    for (const each of this.#layers) {
      const layer = each.deref();
      if (layer !== undefined) yield layer;
    }
  }
}

/** A scope's layer; undefined if its server was given none. */
function layerOf(scope: Scope): ChannelLayer | undefined {
  try {
    return scope.layer;
  } catch (error) {
    if (isFault(error, "ERR_NO_LAYER")) return undefined;
    throw error;
  }
}
