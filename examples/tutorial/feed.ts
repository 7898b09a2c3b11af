import {
  ChannelLayerError,
  type Delivery,
  type Gap,
  JsonWebSocketConsumer,
  type LayerMessage,
  type Scope,
} from "sluice";
import { Marks } from "./marks.ts";

/** What a page hears of a feed: where it is now, and a message, or whether it missed something. */
export type Heard =
  | { readonly position: string | undefined; readonly message: object }
  | { readonly taken: string }
  | {
      readonly position: string | undefined;
      /** The last message that is no news any more; it may still come. */
      readonly newest: string | undefined;
      readonly missed: boolean;
    }
  | { readonly away: true };

/** What a page said, with the id that the page gave it. */
type Posted = LayerMessage & { readonly id: string };

const marks = new Marks();

/**
 * Follows one group for a page that comes and goes: with `?since=` the page gets everything after the
 * position that it saw last, or is told that it cannot. Without, it gets the last messages.
 */
export abstract class Feed<In, S extends Scope = Scope, Out = never> extends JsonWebSocketConsumer<
  In,
  Heard | Out,
  S
> {
  /** Whose messages these are. Its history is what a page can come back to. */
  protected abstract get group(): string;

  override async connect(): Promise<void> {
    const since = this.scope.query.get("since") ?? undefined;
    const joined = await this.#follow(since).catch(awayOr);
    // A page that offers names for what it speaks wants to hear one of them again.
    const [subprotocol] = this.scope.subprotocols;
    this.accept(subprotocol === undefined ? {} : { subprotocol });
    if (joined === undefined) this.sayAway();
    // The messages that it missed wait until this method is done: they come right behind.
    else this.sendJson(joined);
  }

  /** Joins where the page was; if that is not to be had, or it is new, some messages back. */
  async #follow(since: string | undefined): Promise<Heard> {
    if (since !== undefined) {
      const { position, recovered } = await this.join(this.group, { since });
      if (recovered) return { position: since, newest: position, missed: false };
    }
    const missed = since !== undefined;
    const mark = marks.of(this.group);
    const joined = await this.join(this.group, mark === undefined ? {} : { since: mark });
    const newest = joined.position;
    if (joined.recovered) return { position: mark, newest, missed };
    marks.forget(this.group);
    if (newest !== undefined) marks.note(this.group, newest);
    return { position: newest, newest, missed };
  }

  override gap({ top }: Gap): void {
    this.sendJson({ position: top, newest: top, missed: true });
  }

  /** Hands the page a message of the group, with its place. */
  protected pass(message: object, { position }: Delivery): void {
    if (position !== undefined) marks.note(this.group, position);
    this.sendJson({ position, message });
  }

  /**
   * Sends what the page said to groups of the layer, one after the other, and tells it when that is
   * done. Nothing is lost when the layer's backend is away: the page is told that instead, and says it
   * again later. `by` keeps the ids of different speakers apart.
   */
  protected async post(message: Posted, by: string, groups: Iterable<string>): Promise<void> {
    const id = `${by}${message.id}`;
    for (const group of groups) {
      const sent = this.layer.groupSend(group, message, { id }).then(() => true);
      if ((await sent.catch(awayOr)) === undefined) return this.sayAway();
    }
    this.sendJson({ taken: message.id });
  }

  /** Says that the layer's backend is away, and asks to be called again. */
  protected sayAway(): void {
    this.sendJson({ away: true });
    this.close(1013, "the layer's backend is away");
  }
}

/** What a call of the layer failed with: nothing, if its backend is only away for now. */
export function awayOr(error: unknown): undefined {
  if (error instanceof ChannelLayerError && error.code === "ERR_LAYER_UNREACHABLE") return;
  throw error;
}
