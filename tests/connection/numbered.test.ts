import { once } from "node:events";
import { readFileSync } from "node:fs";
import { serve, WebSocketConsumer } from "sluice";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";

/** Called when so much waits for the reader that the server reads no further. */
let onBacklog = (): void => {};

abstract class Answering extends WebSocketConsumer {
  protected answer(message: string | Uint8Array): void {
    this.send(message);
    if (this.bufferedAmount > 520_000) onBacklog();
  }
}

/** Answers while it is called. */
class Prompt extends Answering {
  override receive(text: string): void {
    this.answer(text);
  }

  override receiveBytes(bytes: Uint8Array): void {
    this.answer(bytes);
  }
}

/** Answers with a promise that is settled at once. */
class Promising extends Answering {
  override async receive(text: string): Promise<void> {
    this.answer(text);
  }

  override async receiveBytes(bytes: Uint8Array): Promise<void> {
    this.answer(bytes);
  }
}

/** Answers after it has waited for something. */
class Waiting extends Answering {
  override async receive(text: string): Promise<void> {
    await turn();
    this.answer(text);
  }

  override async receiveBytes(bytes: Uint8Array): Promise<void> {
    await turn();
    this.answer(bytes);
  }
}

/** Answers in one of these ways, one after the other. */
class Moody extends Answering {
  #count = 0;

  override async receive(text: string): Promise<void> {
    const mood = this.#count++ % 11;
    if (mood === 3) await Promise.resolve();
    if (mood === 7) await turn();
    this.answer(text);
    if (mood === 9) await turn();
  }

  override receiveBytes(bytes: Uint8Array): void | Promise<void> {
    if (this.#count++ % 11 > 0) this.answer(bytes);
    else return turn().then(() => this.answer(bytes));
  }
}

const consumers = { Prompt, Promising, Waiting, Moody };
type Name = keyof typeof consumers;

describe("numbered messages, sent to and fro: none lost, none twice, none out of order", () => {
  const runs: [name: Name, kind: "text" | "bytes", scheme: "ws" | "wss"][] = [
    ["Prompt", "text", "ws"],
    ["Prompt", "bytes", "wss"],
    ["Promising", "text", "ws"],
    ["Promising", "bytes", "ws"],
    ["Waiting", "text", "ws"],
    ["Waiting", "bytes", "wss"],
    ["Moody", "text", "wss"],
    ["Moody", "bytes", "ws"],
  ];

  it.each(runs)("20 000 small ones to a %s handler as %s over %s", async (...run) => {
    const client = await open(...run);
    await client.getAll(client.sendAll(20_000, (i) => 10 + (i % 300)));
  });

  it.each(runs)("150 of 80 kB to a %s handler as %s over %s", async (...run) => {
    const client = await open(...run);
    await client.getAll(client.sendAll(150, () => 80_000));
  });

  it.each(runs)("500 of all sizes to a %s handler as %s over %s", async (...run) => {
    const client = await open(...run);
    await client.getAll(client.sendAll(500, (i) => 10 + ((i * i * 31) % 20_000)));
  });

  it.each(runs)("to a reader that pauses: a %s handler, %s, %s", async (...run) => {
    const client = await open(...run);
    const backlog = new Promise<void>((resolve) => {
      onBacklog = resolve;
    });
    client.pause();
    const messages = client.sendAll(4_000, (i) => (i % 20 === 0 ? 80_000 : 10 + (i % 300)));
    await backlog;
    client.resume();
    await client.getAll(messages, 400);
  });
});

describe("numbered messages from a group and direct answers", () => {
  /** Answers, and tells the group the same. */
  class Both extends WebSocketConsumer {
    override async connect(): Promise<void> {
      await this.join("all");
    }

    override async receive(text: string): Promise<void> {
      const told = this.layer.groupSend("all", { type: "number.told", text });
      if (text.length % 5 === 0) await told;
      this.send(`answer ${text}`);
    }

    "number.told"({ text }: { text: string }): void {
      this.send(`group ${text}`);
    }
  }

  it("each come in the order in which they were sent, to every member", async () => {
    const server = await serve({
      websocket: Both,
      port: 0,
      limits: { mailboxMessages: 100_000 },
    });
    onTestFinished(() => server.close({ timeout: 0 }));
    const members = await Promise.all([1, 2, 3].map(() => connectTo(server.webSocketUrl)));
    const count = 5_000;
    const heard = members.map(async (member, index) => {
      const next = { answer: 0, group: 0 };
      const due = { answer: index === 0 ? count : 0, group: count };
      await reading(member, (text) => {
        const [what, number] = text.split(" ") as ["answer" | "group", string];
        expect(Number(number)).toBe(next[what]++);
        return next.answer === due.answer && next.group === due.group;
      });
    });
    for (let i = 0; i < count; i++) members[0]!.send(String(i));
    await Promise.all(heard);
  });
});

/** Opens a connection to a server of its own, and gives ways to send and to get numbered messages. */
async function open(name: Name, kind: "text" | "bytes", scheme: "ws" | "wss") {
  const pem = readFileSync(new URL("test-only-certificate.pem", import.meta.url));
  const server = await serve({
    websocket: consumers[name],
    port: 0,
    ...(scheme === "wss" ? { tls: { key: pem, cert: pem } } : {}),
  });
  onTestFinished(() => server.close({ timeout: 0 }));
  const client = await connectTo(server.webSocketUrl, pem);

  return {
    pause: () => client.pause(),
    resume: () => client.resume(),
    /** Sends messages that begin with their number. */
    sendAll(count: number, size: (i: number) => number): string[] {
      const messages = Array.from({ length: count }, (_, i) => `${i} `.padEnd(size(i), "."));
      for (const text of messages) client.send(kind === "text" ? text : Buffer.from(text));
      return messages;
    },
    /** Gets exactly these, in this order; stops reading for a while after each `pauseAfter`. */
    async getAll(messages: string[], pauseAfter = Infinity): Promise<void> {
      let next = 0;
      await reading(client, (text) => {
        // Compared here, since an assertion for each of so many takes its time.
        if (text !== messages[next]) expect(text).toBe(messages[next]);
        next++;
        if (next % pauseAfter === 0) void pauseForAWhile(client);
        return next === messages.length;
      });
      const extra = reading(client, (text) => expect.unreachable(`came twice: ${text}`));
      client.close(1000);
      await extra;
    },
  };
}

async function connectTo(url: string, ca?: Buffer): Promise<WebSocket> {
  const client = new WebSocket(url, { perMessageDeflate: false, ...(ca && { ca }) });
  onTestFinished(() => client.terminate());
  await once(client, "open");
  return client;
}

/** Reads until `take` says that it has enough; fails if the connection ends before in any way but 1000. */
function reading(client: WebSocket, take: (text: string) => boolean | void): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error?: unknown) => {
      client.off("message", onMessage).off("close", onClose);
      if (error === undefined) resolve();
      else reject(error as Error);
    };
    const onClose = (code: number) =>
      end(code === 1000 ? undefined : new Error(`the connection was closed with ${code}`));
    const onMessage = (data: Buffer) => {
      try {
        if (take(data.toString("utf8")) === true) end();
      } catch (error) {
        end(error);
      }
    };
    client.on("message", onMessage).on("close", onClose);
  });
}

/** Stops reading for some rounds of the event loop: long enough for buffers to fill. */
async function pauseForAWhile(client: WebSocket): Promise<void> {
  client.pause();
  for (let i = 0; i < 100; i++) await turn();
  client.resume();
}

/** Something to wait for: another round of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
