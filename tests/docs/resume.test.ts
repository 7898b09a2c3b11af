import { runInNewContext } from "node:vm";
import type { Server } from "sluice";
import { expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { Snippets } from "./snippet.ts";

const page = new Snippets("docs/how-to/resume-a-plain-client.md");
const clientCode = /^```js\n([^]*?)^```$/m.exec(page.section("The client"))![1]!;

/** The client of the page, in a little world of its own, where waiting is short. */
class Client {
  readonly shown: string[] = [];
  readonly sockets: WebSocket[] = [];
  reloads = 0;
  #isOver = false;

  constructor(base: string, code = clientCode) {
    const { sockets } = this;
    runInNewContext(code, {
      base,
      WebSocket: class extends WebSocket {
        constructor(url: string) {
          super(url);
          sockets.push(this);
          this.on("error", () => {});
        }
      },
      show: (text: string) => this.shown.push(text),
      reload: () => (this.reloads += 1),
      setTimeout: (callback: () => void) => this.#isOver || setImmediate(callback),
    });
  }

  cutOff(): void {
    this.sockets.at(-1)!.terminate();
  }

  stop(): void {
    this.#isOver = true;
    this.cutOff();
  }
}

test("the client that resumes shows everything once and in order, however often it is cut off", async () => {
  const server = await page.run<Server>("The server");
  const client = new Client(server.webSocketUrl);
  const speaker = new WebSocket(server.webSocketUrl);
  await new Promise((resolve) => speaker.once("open", resolve));
  await vi.waitFor(() => {
    expect(client.sockets[0]?.readyState).toBe(WebSocket.OPEN);
  });
  const said = Array.from({ length: 300 }, (_, n) => `${n}`);
  for (const [n, text] of said.entries()) {
    speaker.send(text);
    if (n === 0) await vi.waitFor(() => expect(client.shown).toEqual(["0"]));
    if (n % 37 === 36) client.cutOff();
    if (n % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await vi.waitFor(() => expect(client.shown.at(-1)).toBe("299"), { timeout: 5_000 });
  expect(client.shown).toEqual(said);
  expect(client.sockets.length).toBeGreaterThan(3);
  expect(client.reloads).toBe(0);
  client.stop();

  // It comes back with a position of a server that is no more.
  const stranger = clientCode.replace("let position;", 'let position = "former-server.17";');
  const late = new Client(server.webSocketUrl, stranger);
  await vi.waitFor(() => expect(late.reloads).toBe(1));
  speaker.send("new");
  await vi.waitFor(() => expect(late.shown).toEqual(["new"]));
  late.cutOff();
  speaker.send("newer");
  await vi.waitFor(() => expect(late.shown).toEqual(["new", "newer"]), { timeout: 5_000 });
  expect(late.reloads).toBe(1);
  late.stop();
  speaker.terminate();
}, 20_000);
