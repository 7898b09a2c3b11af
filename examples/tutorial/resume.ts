import { type Gap, JsonWebSocketConsumer } from "sluice";

/** The group of the room that misses nothing. */
const room = "resume";

/** What a page says. It made the id itself, so that it can say it again without saying it twice. */
interface Said {
  readonly id: string;
  readonly text: string;
}

/** What a page hears: where it is now, and a message, or whether it missed something. */
type Heard =
  | { readonly position: string; readonly message: Said }
  | { readonly position: string | undefined; readonly missed: boolean };

/**
 * A chat room for pages that come and go: with `?since=` a page gets everything after the position
 * that it saw last, or is told that it cannot.
 */
export class Resume extends JsonWebSocketConsumer<Said, Heard> {
  override async connect(): Promise<void> {
    const since = this.scope.query.get("since");
    const { position, recovered } = await this.join(room, since === null ? {} : { since });
    this.accept();
    // The messages that it missed wait until this method is done: they come right behind.
    this.sendJson({
      position: since !== null && recovered ? since : position,
      missed: recovered === false,
    });
  }

  override receiveJson({ id, text }: Said): Promise<unknown> | void {
    if (typeof id !== "string" || typeof text !== "string") return this.close(1008, "id and text");
    return this.layer.groupSend(room, { type: "message.said", id, text }, { id });
  }

  "message.said"({ id, text }: Said, { position = "" }: { readonly position?: string }): void {
    this.sendJson({ position, message: { id, text } });
  }

  override gap({ top }: Gap): void {
    this.sendJson({ position: top, missed: true });
  }
}
