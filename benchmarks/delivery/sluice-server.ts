import process from "node:process";
import { connect } from "@nats-io/transport-node";
import { createClient } from "redis";
import {
  ChannelLayerError,
  type ChannelLayer,
  type Delivery,
  type Gap,
  JsonWebSocketConsumer,
  memoryLayer,
  route,
  router,
  type Server,
  serve,
} from "sluice";
import { clusterLayer } from "sluice/layers/cluster";
import { natsLayer } from "sluice/layers/nats";
import { fromNodeRedis, redisLayer } from "sluice/layers/redis";

/** What a publisher says. */
interface Said {
  readonly id: string;
  readonly number: number;
}

/** As docs/how-to/resume-a-plain-client.md has it; who finds the engine away is asked to come again. */
class Feed extends JsonWebSocketConsumer<Said> {
  override async connect(): Promise<void> {
    const since = this.scope.query.get("since");
    const joined = await this.join("feed", since === null ? {} : { since }).catch(awayOr);
    if (joined === undefined) return this.close(1013);
    const { position, recovered } = joined;
    this.accept();
    if (recovered !== true) this.sendJson({ position, reload: recovered === false });
  }

  override async receiveJson({ id, number }: Said): Promise<void> {
    const item = { type: "feed.item" as const, number };
    const sent = await this.layer.groupSend("feed", item, { id }).then(() => true, awayOr);
    if (sent) this.sendJson({ taken: id });
    else this.close(1013);
  }

  "feed.item"({ number }: { readonly number: number }, { position }: Delivery): void {
    this.sendJson({ position, number });
  }

  override gap({ top }: Gap): void {
    this.sendJson({ position: top, reload: true });
  }
}

/** What a member asks for: `ask` comes back when it is done. */
interface Asked {
  readonly ask: number;
  readonly verb: "join" | "leave" | "send";
  readonly group: string;
  readonly number?: number;
}

/** Joins, leaves and sends to whatever groups its client names. None of them has a history. */
class GroupMember extends JsonWebSocketConsumer<Asked> {
  override async receiveJson({ ask, verb, group, number }: Asked): Promise<void> {
    if (verb === "join") await this.join(group);
    else if (verb === "leave") await this.leave(group);
    else await this.layer.groupSend(group, { type: "group.item", group, number });
    this.sendJson({ done: ask });
  }

  "group.item"({ group, number }: { readonly group: string; readonly number: number }): void {
    this.sendJson({ group, number });
  }
}

/** Nothing, if the engine is only away for now. */
function awayOr(error: unknown): undefined {
  if (error instanceof ChannelLayerError && error.code === "ERR_LAYER_UNREACHABLE") return;
  throw error;
}

const history = [{ groups: "feed", size: 1_000, ttl: 120_000, bytes: 64 * 1024 * 1024 }];

export const server: Server = await serve({
  websocket: router([route("/", Feed), route("/member/", GroupMember)]),
  layer: await createLayer(),
  host: "127.0.0.1",
  port: Number(process.env.PORT),
});

async function createLayer(): Promise<ChannelLayer> {
  const { LAYER, REDIS_URL = "", NATS_URL = "", NATS_STORAGE } = process.env;
  if (LAYER === "redis") {
    const client = createClient({ url: REDIS_URL });
    client.on("error", () => {});
    await client.connect();
    return redisLayer({ connection: fromNodeRedis(client), history });
  }
  if (LAYER === "nats") {
    const options = { servers: NATS_URL, maxReconnectAttempts: -1, reconnectTimeWait: 100 };
    const storage = NATS_STORAGE === "memory" ? "memory" : "file";
    return natsLayer({ connection: await connect(options), jetstream: { storage }, history });
  }
  return LAYER === "cluster" ? clusterLayer({ history }) : memoryLayer({ history });
}
