import { away } from "../away.ts";
import type { RedisAddress, RedisLink } from "./connection.ts";
import type { Names } from "./names.ts";
import { Shard, type ShardOptions } from "./shard.ts";
import { slotCount, slotOf } from "./slot.ts";
import { readSlots, type SlotRange } from "./slots.ts";
import type { Subscription } from "./subscription.ts";

/** What {@link Shards} tell. */
export interface ShardsEvents {
  /** A message came on a channel that is subscribed to. */
  message(channel: string, data: Uint8Array): void;
  /** Whatever could be reached has been, for the first time. */
  settled(): void;
  /** Subscriptions had been lost, and those of one shard are there again. */
  back(): void;
}

/**
 * All primaries, and which one has which hash slot. Where there is only one it is that one's whatever
 * the slot. In a cluster the servers are asked who has what: when one of them refuses something, when
 * one is lost, and once in a while, since it may be that nobody says anything.
 */
export class Shards {
  readonly #options: ShardOptions;
  readonly #events: ShardsEvents;
  readonly #names: Names;
  readonly #process: string;
  readonly #known = new Map<string, Place>();
  /** By hash slot. */
  #places: (Place | undefined)[] = [];
  #single: Shard | undefined;
  /** Shards that have not been tried yet. */
  #untried = 0;
  #isSettled = false;
  /** Subscriptions were lost and are there again, which the layer has not been told. */
  #hasMissed = false;
  #isClosed = false;
  #isAsking = false;
  /** Something was heard while the servers were asked, so they have to be asked again. */
  #isStale = false;
  #cancelRefresh: (() => void) | undefined;
  #nextRefresh = 0;
  #why: Error = away("the cluster has not been asked for its servers yet");

  constructor(options: ShardOptions, names: Names, process: string, events: ShardsEvents) {
    this.#options = options;
    this.#names = names;
    this.#process = process;
    this.#events = events;
  }

  /** Connects, and goes on trying. */
  open(): void {
    if (this.#options.connection.isCluster) return this.#refresh();
    this.#single = this.#make(0, undefined);
    this.#single.open();
  }

  /** The shard of a key or channel; throws where nobody has its hash slot. */
  of(key: string): Shard {
    if (this.#single !== undefined) return this.#single;
    const place = this.#places[slotOf(key)];
    if (place === undefined) throw this.#why;
    return place.shard;
  }

  /** Ends everything. */
  close(error: Error): void {
    this.#isClosed = true;
    this.#why = error;
    this.#cancelRefresh?.();
    this.#single?.close(error);
    for (const { shard } of this.#known.values()) shard.close(error);
    this.#known.clear();
    this.#places = [];
  }

  #make(number: number, address: RedisAddress | undefined): Shard {
    let wasTried = false;
    const events = {
      message: this.#events.message,
      back: () => {
        this.#hasMissed = true;
        this.#tell();
      },
      tried: () => {
        this.#tell();
        if (wasTried) return;
        wasTried = true;
        this.#settle();
      },
      moved: () => this.#refreshSoon(),
    };
    const channel = this.#names.probeChannel(this.#process, number);
    const shard = new Shard(this.#options, events, channel, address);
    this.#untried += 1;
    return shard;
  }

  /** Says that something was lost, once no shard is about to hear it again: one word for all. */
  #tell(): void {
    if (!this.#hasMissed) return;
    for (const { shard } of this.#known.values()) if (shard.isReturning) return;
    this.#hasMissed = false;
    this.#events.back();
  }

  #settle(): void {
    this.#untried -= 1;
    if (this.#untried > 0 || this.#isSettled) return;
    this.#isSettled = true;
    this.#events.settled();
  }

  #refreshSoon(): void {
    if (!this.#options.connection.isCluster || this.#isClosed) return;
    if (this.#isAsking) {
      // The answer may be older than what we just heard.
      this.#isStale = true;
      return;
    }
    const { clock } = this.#options;
    const wait = Math.max(0, this.#nextRefresh - clock.now());
    this.#cancelRefresh?.();
    this.#cancelRefresh = clock.after(wait, () => this.#refresh());
  }

  #refresh(): void {
    const { clock, probeInterval } = this.#options;
    this.#cancelRefresh?.();
    this.#isAsking = true;
    this.#ask()
      .then((ranges) => this.#arrange(ranges))
      .catch((error: unknown) => {
        this.#why = error as Error;
        this.#untried += 1;
        this.#settle();
      })
      .finally(() => {
        this.#isAsking = false;
        if (this.#isClosed) return;
        this.#nextRefresh = clock.now() + shortestPause;
        const isEarly = this.#isStale || this.#places.length === 0;
        const pause = isEarly ? shortestPause : probeInterval;
        this.#isStale = false;
        this.#cancelRefresh = clock.after(pause, () => this.#refresh(), true);
      });
  }

  /** Asks one server after the other, those first to which there is a connection. */
  async #ask(): Promise<SlotRange[]> {
    let last: unknown = away("the cluster's client knows no server");
    for (const { shard, address } of shuffled([...this.#known.values()], this.#options.random)) {
      if (!shard.isUp) continue;
      try {
        const ranges = readSlots(await shard.call("CLUSTER SLOTS", question), address);
        if (ranges.length > 0) return ranges;
      } catch (error) {
        last = error;
      }
    }
    const { connection, clock, timeout, random } = this.#options;
    const addresses = shuffled([...connection.addresses()], random);
    for (const { address } of this.#known.values()) addresses.push(address);
    const attempt = new AbortController();
    const cancel = clock.after(timeout, () => {
      attempt.abort(away(`no server of the cluster answered within ${timeout} ms`));
    });
    try {
      for (const address of addresses) {
        try {
          const answer = await this.#askOne(address, attempt.signal);
          const ranges = readSlots(answer, address);
          if (ranges.length > 0) return ranges;
        } catch (error) {
          last = error;
        }
        if (attempt.signal.aborted || this.#isClosed) break;
      }
    } finally {
      cancel();
    }
    throw last;
  }

  async #askOne(address: RedisAddress, signal: AbortSignal): Promise<unknown> {
    const ignored = (): void => {};
    const events = { message: ignored, moved: ignored, lost: ignored };
    const given = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
    given.catch(ignored);
    const opening = this.#options.connection.open(events, signal, address);
    // A client may finish what it was told to give up.
    opening.then((late) => signal.aborted && late.close(), ignored);
    const link: RedisLink = await Promise.race([opening, given]);
    try {
      return await Promise.race([link.call(question), given]);
    } finally {
      link.close();
    }
  }

  #arrange(ranges: readonly SlotRange[]): void {
    if (this.#isClosed) return;
    const before = this.#places;
    const places = new Array<Place | undefined>(slotCount).fill(undefined);
    const released: Subscription[] = [];
    for (const [name, { address, slots }] of byServer(ranges)) {
      const place = this.#placeOf(name, address, slots, released);
      for (const slot of slots) places[slot] = place;
    }
    // A slot that nobody has for now stays with its last owner, and so does what is wanted there.
    for (let slot = 0; slot < slotCount; slot += 1) places[slot] ??= before[slot];
    this.#places = places;
    const used = new Set(places);
    for (const [name, place] of this.#known) {
      released.push(...place.shard.release((slot) => places[slot] === place));
      if (used.has(place)) continue;
      this.#known.delete(name);
      place.shard.close(away("the server has no hash slots any more"));
    }
    const adopted = new Map<Shard, Subscription[]>();
    for (const subscription of released) {
      const { shard } = places[subscription.slot]!;
      const list = adopted.get(shard);
      if (list === undefined) adopted.set(shard, [subscription]);
      else list.push(subscription);
    }
    for (const [shard, list] of adopted) shard.adopt(list);
  }

  /** The place of a server, with a shard whose probe channel is among its slots. */
  #placeOf(
    name: string,
    address: RedisAddress,
    slots: ReadonlySet<number>,
    released: Subscription[],
  ): Place {
    const place = this.#known.get(name);
    if (place !== undefined && slots.has(place.probeSlot)) return place;
    const number = this.#probeNumber(slots);
    const shard = this.#make(number, address);
    const probeSlot = slotOf(this.#names.probeChannel(this.#process, number));
    shard.open();
    if (place === undefined) {
      const made = { shard, address, probeSlot };
      this.#known.set(name, made);
      return made;
    }
    released.push(...place.shard.release(() => false));
    place.shard.close(away("the hash slots of the server have changed"));
    place.shard = shard;
    place.probeSlot = probeSlot;
    return place;
  }

  /** A number whose probe channel lies in one of these slots. */
  #probeNumber(slots: ReadonlySet<number>): number {
    let number = 0;
    while (!slots.has(slotOf(this.#names.probeChannel(this.#process, number)))) number += 1;
    return number;
  }
}

/** A server of the cluster, whatever slots it has. */
interface Place {
  readonly address: RedisAddress;
  shard: Shard;
  probeSlot: number;
}

interface ServerSlots {
  readonly address: RedisAddress;
  readonly slots: Set<number>;
}

/** All slots of each server, by its name. */
function byServer(ranges: readonly SlotRange[]): Map<string, ServerSlots> {
  const servers = new Map<string, ServerSlots>();
  for (const { first, last, address } of ranges) {
    const name = `${address.host}:${address.port}`;
    let server = servers.get(name);
    if (server === undefined) {
      server = { address, slots: new Set() };
      servers.set(name, server);
    }
    for (let slot = first; slot <= last; slot += 1) server.slots.add(slot);
  }
  return servers;
}

const question = ["CLUSTER", "SLOTS"];

/** How long servers are left in peace before they are asked again. */
const shortestPause = 100;

function shuffled<T>(list: T[], random: () => number): T[] {
  for (let index = list.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [list[index], list[other]] = [list[other] as T, list[index] as T];
  }
  return list;
}
