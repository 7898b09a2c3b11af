import { setTimeout as sleep } from "node:timers/promises";
import { route, router, serve, silentLogger, WebSocketConsumer } from "sluice";
import { deadline, slowness } from "./deadlines.ts";
import { answerQuestions } from "./vitals.ts";

/** Answers each message with itself. */
class Echo extends WebSocketConsumer {
  override receive(text: string): void {
    this.send(text);
  }

  override receiveBytes(bytes: Uint8Array): void {
    this.send(bytes);
  }
}

/** The same, but asks a database first that is in no hurry. */
class SlowEcho extends WebSocketConsumer {
  override async receive(text: string): Promise<void> {
    await sleep(slowness);
    this.send(text);
  }

  override async receiveBytes(bytes: Uint8Array): Promise<void> {
    await sleep(slowness);
    this.send(bytes);
  }
}

/** Listens, and answers nothing. */
class Sink extends WebSocketConsumer {
  override receive(): void {}
  override receiveBytes(): void {}
}

/** Says everything to everybody. */
class Room extends WebSocketConsumer {
  override async connect(): Promise<void> {
    await this.join("room");
  }

  override async receive(text: string): Promise<void> {
    await this.layer.groupSend("room", { type: "room.message", text });
  }

  "room.message"({ text }: { readonly text: string }): void {
    this.send(text);
  }
}

// All sizes are the defaults. Times are shorter, so that an attack is over in seconds.
const server = await serve({
  port: 0,
  log: silentLogger,
  websocket: router([
    route("/", Echo),
    route("/slow/", SlowEcho),
    route("/sink/", Sink),
    route("/room/", Room),
  ]),
  compression: true,
  limits: { messageTimeout: deadline, pauseTimeout: deadline },
});

answerQuestions(server.port);
