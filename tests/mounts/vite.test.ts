import { once } from "node:events";
import { beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { describeInBrowser, visit } from "../browser/chromium.ts";
import { Mount } from "./mount.ts";

let mount: Mount;

beforeAll(async () => {
  mount = await Mount.start("vite", { neighbour: true });
});

describe("the example vite", () => {
  test("answers with the page that Vite made, and a chat, on one port", async () => {
    expect(await (await mount.get("/")).text()).toContain("/@vite/client");
    expect(await (await mount.get("/chat.js")).text()).toContain("import.meta.hot =");

    const [one, two] = [await mount.open("/chat/"), await mount.open("/chat/")];
    one.send("anybody here?");
    expect(await one.texts(1)).toEqual(["anybody here?"]);
    expect(await two.texts(1)).toEqual(["anybody here?"]);
  });

  test("leaves Vite its socket for hot updates", async () => {
    const script = await (await mount.get("/@vite/client")).text();
    const token = /wsToken = "([^"]+)"/.exec(script)?.[1];
    // Pages send their origin, and then Vite wants to see the token.
    const hot = new WebSocket(mount.socketUrl(`/?token=${token}`), "vite-hmr", {
      origin: mount.url,
    });
    const [first] = (await once(hot, "message")) as [Buffer];
    hot.terminate();

    expect(JSON.parse(first.toString())).toEqual({ type: "connected" });
  });

  test("leaves a neighbour's socket alone, and to Vite what nobody has", async () => {
    const unanswered = new WebSocket(mount.socketUrl("/nowhere"));
    unanswered.on("error", () => {});
    const neighbours = await mount.open("/neighbour/");
    neighbours.send("to me alone");

    expect(await neighbours.texts(1)).toEqual(["to me alone"]);
    expect(unanswered.readyState).toBe(WebSocket.CONNECTING);
    unanswered.terminate();
  });
});

describeInBrowser("the page of the example vite", () => {
  test("talks to the room", async () => {
    const { page, complaints } = await visit(mount.url);
    await page.getByRole("textbox").fill("anybody here?");
    await page.keyboard.press("Enter");

    await page.getByText("anybody here?").waitFor();
    expect(complaints).toEqual([]);
  });
});

describe("the process of the example vite", () => {
  test("closes the chat with 1012 at SIGTERM and ends with 0", async () => {
    const own = await Mount.start("vite");
    const closed = (await own.open("/chat/")).closed();

    const ended = own.terminate();

    expect(await closed).toBe(1012);
    expect(await ended).toEqual({ code: 0, errors: [] });
  });
});
