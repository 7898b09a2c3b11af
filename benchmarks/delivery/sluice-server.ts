import process from "node:process";
import {
  type Delivery,
  type Gap,
  JsonWebSocketConsumer,
  memoryLayer,
  type Server,
  serve,
} from "sluice";
import { clusterLayer } from "sluice/layers/cluster";

/** What a publisher says. */
interface Said {
  readonly id: string;
  readonly number: number;
}

/** As docs/how-to/resume-a-plain-client.md has it. */
class Feed extends JsonWebSocketConsumer<Said> {
  override async connect(): Promise<void> {
    const since = this.scope.query.get("since");
    const { position, recovered } = await this.join("feed", since === null ? {} : { since });
    this.accept();
    if (recovered !== true) this.sendJson({ position, reload: recovered === false });
  }

  override async receiveJson({ id, number }: Said): Promise<void> {
    await this.layer.groupSend("feed", { type: "feed.item", number }, { id });
    this.sendJson({ taken: id });
  }

  "feed.item"({ number }: { readonly number: number }, { position }: Delivery): void {
    this.sendJson({ position, number });
  }

  override gap({ top }: Gap): void {
    this.sendJson({ position: top, reload: true });
  }
}

const history = [{ groups: "feed", size: 1_000, ttl: 120_000 }];

export const server: Server = await serve({
  websocket: Feed,
  layer: process.env.CLUSTER === undefined ? memoryLayer({ history }) : clusterLayer({ history }),
  host: "127.0.0.1",
  port: Number(process.env.PORT),
});
