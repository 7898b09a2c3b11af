import type { Delivery, LayerMessage } from "sluice";
import { Feed } from "./feed.ts";
import { isShortText } from "./short-text.ts";
import type { VisitorScope } from "./visitor.ts";

/** What a page says: one message to one person. */
interface Letter {
  readonly id: string;
  readonly to: string;
  readonly text: string;
  /** The sender's name. */
  readonly name: string;
}

/**
 * One to one: everybody has a group that only they can join, and a letter goes to its reader's and to its
 * writer's, whose other pages want to know of it, too.
 */
export class Letters extends Feed<Letter, VisitorScope> {
  protected override get group(): string {
    return groupOf(this.scope.user.id);
  }

  override receiveJson(letter: Letter): Promise<void> | void {
    const { id, to, text, name } = letter ?? {};
    if (
      !isShortText(id, 64) ||
      !isShortText(to, 16) ||
      !isShortText(name, 40) ||
      typeof text !== "string"
    ) {
      return this.close(1008, "id, to, text and name");
    }
    const from = this.scope.user.id;
    const message = { type: "letter.sent" as const, id, from, to, text, name, at: Date.now() };
    // Its reader's first: what the writer has heard, the reader has been sent.
    return this.post(message, `${from}.`, new Set([groupOf(to), this.group]));
  }

  "letter.sent"(message: LayerMessage, delivery: Delivery): void {
    this.pass(message, delivery);
  }
}

function groupOf(visitor: string): string {
  return `letters.${visitor}`;
}
