import { beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { describeInBrowser, visit } from "../browser/chromium.ts";
import { Mount, runInMounts } from "./mount.ts";

/** Next compiles. */
const patience = 180_000;

let mount: Mount;

beforeAll(async () => {
  mount = await Mount.start("next", { neighbour: true });
}, patience);

describe("the example next, in development", { timeout: patience }, () => {
  test("leaves Next its socket for hot reload, before anybody asked for a page", async () => {
    const hot = await mount.open("/_next/hmr?id=1");
    const types = [];
    do types.push(...(await hot.texts(1)).map((text) => JSON.parse(text).type as string));
    while (types.at(-1) !== "turbopack-connected");
    await hot.close();
  });

  test("answers with a page and a chat on one port", async () => {
    expect(await (await mount.get("/")).text()).toContain("<h1>Hello from Next</h1>");

    const [one, two] = [await mount.open("/chat/"), await mount.open("/chat/")];
    one.send("anybody here?");
    expect(await one.texts(1)).toEqual(["anybody here?"]);
    expect(await two.texts(1)).toEqual(["anybody here?"]);
  });

  test("leaves a neighbour's socket alone, and to Next what nobody has", async () => {
    const unanswered = new WebSocket(mount.socketUrl("/nowhere"));
    unanswered.on("error", () => {});
    const neighbours = await mount.open("/neighbour/");
    neighbours.send("to me alone");

    expect(await neighbours.texts(1)).toEqual(["to me alone"]);
    expect(unanswered.readyState).toBe(WebSocket.CONNECTING);
    unanswered.terminate();
  });
});

describeInBrowser("the page of the example next", () => {
  test("talks to the room", { timeout: patience }, async () => {
    const { page, complaints } = await visit(mount.url);
    await page.getByRole("textbox").fill("anybody here?");
    await page.keyboard.press("Enter");

    await page.getByText("anybody here?").waitFor();
    // In development React mounts twice, and the first socket is closed before it opened.
    expect(complaints.filter((text) => !text.includes("/chat/"))).toEqual([]);
  });
});

describe("the process of the example next", { timeout: patience }, () => {
  test("closes the chat with 1012 at SIGTERM and ends with 0", async () => {
    await mount.open("/_next/hmr?id=2");
    const closed = (await mount.open("/chat/")).closed();

    const ended = mount.terminate();

    expect(await closed).toBe(1012);
    expect(await ended).toEqual({ code: 0, errors: [] });
  });

  test("does so in production, too, and has its page and its chat there", async () => {
    await runInMounts("node_modules/.bin/next", "build", "next");
    const built = await Mount.start("next", { production: true });
    expect(await (await built.get("/")).text()).toContain("<h1>Hello from Next</h1>");
    const client = await built.open("/chat/");
    client.send("hello");
    expect(await client.texts(1)).toEqual(["hello"]);
    const closed = client.closed();

    const ended = built.terminate();

    expect(await closed).toBe(1012);
    expect(await ended).toEqual({ code: 0, errors: [] });
  });
});
