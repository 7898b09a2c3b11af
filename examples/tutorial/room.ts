import type { Delivery, LayerMessage, Present, PresenceChanged } from "sluice";
import { awayOr, Feed } from "./feed.ts";
import { isShortText } from "./short-text.ts";
import type { VisitorScope } from "./visitor.ts";

/** What the route adds: the name in `/rooms/<name>/`. */
type RoomScope = VisitorScope & { readonly params: { readonly room: string } };

/** What a page says: a message, or that somebody comes to be seen here, or goes. */
type Said =
  | { readonly kind: "say"; readonly id: string; readonly text: string; readonly name: string }
  | { readonly kind: "enter"; readonly name: string }
  | { readonly kind: "leave" };

/** What a page hears beside the messages: who is here, first as a list and then what has changed. */
type People =
  | { readonly you: string; readonly here: readonly Present[]; readonly count: number }
  | { readonly changed: PresenceChanged; readonly count: number };

/** A room with names: a page follows it unseen, and is seen in it while it is on the screen. */
export class Room extends Feed<Said, RoomScope, People> {
  protected override get group(): string {
    return `room.${this.params.room}`;
  }

  override receiveJson(said: Said): Promise<void> | void {
    switch (said?.kind) {
      case "say":
        return this.#say(said);
      case "enter":
        return this.#enter(said.name);
      case "leave":
        return this.leave(this.#people);
      default:
        return this.close(1008, "say, enter or leave");
    }
  }

  "room.said"(message: LayerMessage, delivery: Delivery): void {
    this.pass(message, delivery);
  }

  "presence.changed"(changed: PresenceChanged): void {
    this.sendJson({ changed, count: changed.keys });
  }

  #say({ id, text, name }: Said & { readonly kind: "say" }): Promise<void> | void {
    if (!isShortText(id, 64) || !isShortText(name, 40) || typeof text !== "string") {
      return this.close(1008, "id, text and name");
    }
    const from = this.scope.user.id;
    const message = { type: "room.said" as const, id, text, from, name, at: Date.now() };
    // The sender's own id in front: nobody can use up an id that somebody else will choose.
    return this.post(message, `${from}.`, [this.group]);
  }

  /** Also who is here already enters: by another name. */
  async #enter(name: unknown): Promise<void> {
    if (!isShortText(name, 40)) return this.close(1008, "name");
    const you = this.scope.user.id;
    const presence = { key: you, info: { name } };
    const people = this.#people;
    const seen = await this.join(people, { presence, presenceEvents: "changes" })
      .then(() => Promise.all([this.layer.presence(people), this.layer.presenceCount(people)]))
      .catch(awayOr);
    if (seen === undefined) return this.sayAway();
    const [{ present }, { keys }] = seen;
    this.sendJson({ you, here: present, count: keys });
  }

  /** The group of those who are seen; the room's own group has those who listen. */
  get #people(): string {
    return `people.${this.params.room}`;
  }
}
