import type { LayerMessage } from "../../src/layers/channel-layer.ts";
import { formatPosition, type Position } from "../../src/layers/position.ts";
import type { HistoryItem, Slice } from "../../src/layers/slice.ts";

/** How the backend keeps histories. */
export interface BackendRules {
  readonly size: number;
  readonly ttl: number;
  /** What a group's messages may take, each counted as 100. */
  readonly bytes: number;
  /** The most that an offset is above the one before it: 1, or more where groups are counted together. */
  readonly step: number;
}

/** What can be wrong with a backend on purpose, to see whether it is noticed. */
export interface BackendFlaws {
  /** A history that was lost goes on under its old epoch. */
  readonly reusesEpochs?: boolean;
  /** It does not know what was sent with an id. */
  readonly forgetsIds?: boolean;
  /** It acknowledges some messages, and does not keep them. */
  readonly losesWhatItAcknowledged?: boolean;
  /** It does not say, in a recovery, who is left out. */
  readonly forgetsExcept?: boolean;
  /** It gives some messages a second time, under another position. */
  readonly repeats?: boolean;
  /** It reads one message less than was missed. */
  readonly readsTooLittle?: boolean;
}

/** A message on its way to those who subscribed to its group. */
export interface Live {
  readonly group: string;
  readonly epoch: string;
  readonly item: HistoryItem;
}

/** What is asked of {@link ModelBackend.append}. */
export interface Append {
  readonly group: string;
  readonly message: LayerMessage;
  readonly id: string | undefined;
  readonly except: string | undefined;
}

/** A backend as simple as can be: numbers messages, keeps the newest, knows ids, tells subscribers. */
export class ModelBackend {
  readonly #rules: BackendRules;
  readonly #flaws: BackendFlaws;
  readonly #now: () => number;
  readonly #random: () => number;
  /** Hears of each message that was kept. */
  readonly #kept: (live: Live) => void;
  readonly #histories = new Map<string, ModelHistory>();
  #epochs = 0;
  #appends = 0;

  constructor(
    rules: BackendRules,
    flaws: BackendFlaws,
    now: () => number,
    random: () => number,
    kept: (live: Live) => void,
  ) {
    this.#rules = rules;
    this.#flaws = flaws;
    this.#now = now;
    this.#random = random;
    this.#kept = kept;
  }

  /** Everything is lost: all histories, all ids. */
  lose(): void {
    if (!this.#flaws.reusesEpochs) return this.#histories.clear();
    for (const history of this.#histories.values()) {
      history.items.splice(-3);
      history.top = history.items.at(-1)?.offset ?? 0;
    }
  }

  /** Keeps a message, unless its id is known; its position. */
  append(append: Append): string {
    const { group, message, id, except } = append;
    const history = this.#history(group);
    const known = id === undefined ? undefined : history.ids.get(id);
    if (known !== undefined && !this.#flaws.forgetsIds) return known;
    this.#appends += 1;
    const previous = history.top;
    const offset = previous + 1 + Math.floor(this.#random() * this.#rules.step);
    const position = formatPosition(history.epoch, offset);
    const delivery = Object.freeze(
      id === undefined ? { group, position } : { group, position, id },
    );
    const item = { offset, previous, message, delivery, except, time: this.#now() };
    history.top = offset;
    if (id !== undefined) history.ids.set(id, position);
    if (this.#flaws.losesWhatItAcknowledged && this.#appends % 17 === 0) return position;
    history.items.push(item);
    this.#trim(history);
    this.#kept({ group, epoch: history.epoch, item });
    if (this.#flaws.repeats && this.#appends % 11 === 0)
      return this.append({ ...append, id: undefined });
    return position;
  }

  /** What came after a position, as a `HistorySource` is to answer. */
  read(group: string, since: Position | undefined, limit: number): Slice {
    const history = this.#history(group);
    this.#trim(history);
    const { epoch, top, items } = history;
    const oldest = items[0]?.offset;
    // What the oldest one follows is where a position may be at least.
    const least = items[0]?.previous ?? top;
    if (
      since === undefined ||
      since.epoch !== epoch ||
      since.offset > top ||
      since.offset < least
    ) {
      return { epoch, top, oldest, items: undefined };
    }
    const missed = items.filter(({ offset }) => offset > since.offset).slice(0, limit);
    if (this.#flaws.readsTooLittle && missed.length > 2) missed.splice(1, 1);
    if (!this.#flaws.forgetsExcept) return { epoch, top, oldest, items: missed };
    return { epoch, top, oldest, items: missed.map((item) => ({ ...item, except: undefined })) };
  }

  #history(group: string): ModelHistory {
    let history = this.#histories.get(group);
    if (history === undefined) {
      this.#epochs += 1;
      history = { epoch: `b${this.#epochs}`, top: 0, items: [], ids: new Map() };
      this.#histories.set(group, history);
    }
    return history;
  }

  #trim({ items }: ModelHistory): void {
    const { size, ttl, bytes } = this.#rules;
    const most = Math.max(1, Math.min(size, Math.floor(bytes / 100)));
    const end = this.#now() - ttl;
    while (items.length > most || (items[0]?.time ?? Infinity) <= end) items.shift();
  }
}

interface ModelHistory {
  readonly epoch: string;
  top: number;
  readonly items: (HistoryItem & { readonly time: number })[];
  readonly ids: Map<string, string>;
}
