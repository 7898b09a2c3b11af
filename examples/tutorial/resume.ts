import type { Delivery } from "sluice";
import { Feed } from "./feed.ts";

/** What a page says. It made the id itself, so that it can say it again without saying it twice. */
interface Said {
  readonly id: string;
  readonly text: string;
}

/** A chat room for pages that come and go, and nothing else: no names, no presence. */
export class Resume extends Feed<Said> {
  protected override get group(): string {
    return "resume";
  }

  override receiveJson({ id, text }: Said): Promise<void> | void {
    if (typeof id !== "string" || typeof text !== "string") return this.close(1008, "id and text");
    return this.post({ type: "message.said", id, text }, "", [this.group]);
  }

  "message.said"({ id, text }: Said, delivery: Delivery): void {
    this.pass({ id, text }, delivery);
  }
}
