/** A process of ours, as one machine among many has it, whose connections are measured from outside. */
import process from "node:process";
import { memoryLayer, serve, WebSocketConsumer } from "sluice";

/** What it is asked, and what it answers. */
export type NodeQuestion = "memory" | "send";
export interface NodeAnswer {
  readonly rss: number;
}

/** In one group with all others if its path says so. */
class Member extends WebSocketConsumer {
  override async connect(): Promise<void> {
    if (this.scope.path === "/member") await this.join("all");
    this.accept();
  }

  "chat.message"({ text }: { readonly text: string }): void {
    this.send(text);
  }
}

const layer = memoryLayer();
const server = await serve({ websocket: Member, layer, host: "127.0.0.1", port: 0 });

process.on("message", (question: NodeQuestion) => {
  if (question === "send") {
    const message = { type: "chat.message", text: "Shall we meet at the lock at nine?" } as const;
    void layer.groupSend("all", message).then(answer);
  } else {
    globalThis.gc?.();
    answer();
  }
});
process.send?.({ port: server.port });

function answer(): void {
  process.send?.({ rss: process.memoryUsage().rss } satisfies NodeAnswer);
}
