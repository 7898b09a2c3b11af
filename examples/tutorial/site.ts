import type { RequestListener } from "node:http";
import {
  type Application,
  type ChannelLayer,
  type Clock,
  consumer,
  route,
  router,
  stack,
} from "sluice";
import { Chat } from "./chat.ts";
import { Deploy } from "./deploy.ts";
import { Deployments } from "./deployments.ts";
import { Echo } from "./echo.ts";
import { hello } from "./hello.ts";
import { pages } from "./http.ts";
import { Letters } from "./letters.ts";
import { Resume } from "./resume.ts";
import { Room } from "./room.ts";
import { visitors } from "./visitor.ts";
import { Wire, WireWatch } from "./wire.ts";

/** The two halves of the tutorial: what answers WebSockets and what answers plain requests. */
export interface Site {
  readonly websocket: Application;
  readonly http: RequestListener;
}

/**
 * Everything that the tutorial shows, on one address. `layer` carries the chat and the deployments:
 * give the same one to `serve`.
 */
export function createSite(layer: ChannelLayer, clock: Pick<Clock, "after"> = timers): Site {
  const deployments = new Deployments(layer, clock);
  return {
    websocket: router([
      route("/x1/", Chat),
      route("/rooms/:room([\\p{L}\\p{N}-]{1,40})/", stack(visitors, Room), { limits }),
      route("/letters/", stack(visitors, Letters), { limits }),
      route("/resume/", Resume),
      route("/echo/", Echo),
      route("/deploy/online/:taskId(\\d{1,20})/", consumer(Deploy, deployments)),
      route("/hello/", hello),
      // Pinged often: there is more to see.
      route("/wire/", Wire, { limits: { pingInterval: 4_000 } }),
      route("/wire/watch/", WireWatch),
    ]),
    http: pages(),
  };
}

/** Words are short. A page cannot say more than 4 000 characters. */
const limits = { maxMessageSize: 32_768 };

/** Real time. */
const timers: Pick<Clock, "after"> = {
  after(delay, callback) {
    const timer = setTimeout(callback, delay);
    return () => clearTimeout(timer);
  },
};
