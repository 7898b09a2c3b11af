import type { Page } from "playwright-core";
import { type ChannelLayer, memoryLayer, type Server, serve } from "sluice";
import { afterEach, expect, test } from "vitest";
import { history } from "../../examples/tutorial/history.ts";
import { createSite } from "../../examples/tutorial/site.ts";
import { Program } from "../start/program.ts";
import { Outage } from "../tutorial/outage.ts";
import { connected, say } from "./chat-page.ts";
import { describeInBrowser, type Visit, visit } from "./chromium.ts";

const running: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
});

async function started(layer: ChannelLayer = memoryLayer({ history })): Promise<Server> {
  const server = await serve({ ...createSite(layer), layer, port: 0 });
  running.push(() => server.close({ timeout: 0 }));
  return server;
}

/** Opens a room under a name. */
async function enter(url: string, name: string): Promise<Visit> {
  const guest = await visit(url);
  await connected(guest.page);
  await guest.page.getByLabel("你的名字").fill(name);
  await guest.page.getByLabel("你的名字").press("Enter");
  await guest.page.locator("#people").getByText(`${name}（你）`).waitFor();
  return guest;
}

/** What a page shows of a conversation, without the notes. */
function spoken(page: Page): Promise<string[]> {
  return page.locator(".log:not([hidden]) .message .text").allTextContents();
}

async function hears(page: Page, texts: readonly string[]): Promise<void> {
  await expect.poll(() => spoken(page), { timeout: 20_000 }).toEqual(texts);
}

function notes(page: Page): Promise<string[]> {
  return page.locator(".log:not([hidden]) .note").allTextContents();
}

describeInBrowser("the rooms", () => {
  test("two people see each other come, take another name, talk and go", async () => {
    const { url } = await started();
    const ann = await enter(`${url}/rooms/lobby/`, "Ann");
    const bo = await enter(`${url}/rooms/lobby/`, "Bo");
    const people = ann.page.locator("#people li");
    await expect.poll(() => people.allTextContents()).toEqual(["Ann（你）", "Bo"]);

    await say(ann.page, "<b>你好</b>");
    await say(bo.page, "hello");
    for (const { page } of [ann, bo]) await hears(page, ["<b>你好</b>", "hello"]);
    expect(await ann.page.locator(".message .by").first().textContent()).toMatch(/^你 \d\d:\d\d$/);
    expect(await bo.page.locator(".message .by").first().textContent()).toMatch(/^Ann \d\d:\d\d$/);
    await bo.page.getByLabel("你的名字").fill("Bob");
    await bo.page.getByLabel("你的名字").press("Enter");
    await expect.poll(() => notes(ann.page)).toContain("Bo 改名为 Bob");
    await bo.page.close();
    await expect.poll(() => people.allTextContents()).toEqual(["Ann（你）"]);
    await expect.poll(() => notes(ann.page), { timeout: 10_000 }).toContain("Bob 走了");
    expect([...ann.complaints, ...bo.complaints]).toEqual([]);
  });

  test("what is said elsewhere is marked as unread until somebody looks, and who is new sees it", async () => {
    const { url } = await started();
    const ann = await enter(`${url}/rooms/lobby/`, "Ann");
    const bo = await enter(`${url}/rooms/kitchen/`, "Bo");
    await say(bo.page, "one");
    await say(bo.page, "two");

    const kitchen = ann.page.locator("#rooms").getByRole("link", { name: "厨房" });
    await kitchen.getByText("2 条新消息").waitFor();
    await expect.poll(() => ann.page.title()).toBe("(2) 大厅 · sluice");
    await kitchen.click();
    await hears(ann.page, ["one", "two"]);
    expect(await notes(ann.page)).toContain("新消息");
    expect(await ann.page.title()).toBe("厨房 · sluice");
    expect(await kitchen.textContent()).toBe("厨房");

    const cy = await enter(`${url}/rooms/lobby/`, "Cy");
    expect(await cy.page.locator(".badge").allTextContents()).toEqual(["", "", ""]);
    await cy.page.locator("#rooms").getByRole("link", { name: "厨房" }).click();
    await hears(cy.page, ["one", "two"]);
    await cy.page.getByLabel("另一个房间").fill("河边 Picnic!");
    await cy.page.getByLabel("另一个房间").press("Enter");
    await cy.page.getByRole("heading", { name: "河边-picnic", level: 1 }).waitFor();
    await cy.page.goBack();
    await cy.page.getByRole("heading", { name: "厨房", level: 1 }).waitFor();
    expect([...ann.complaints, ...bo.complaints, ...cy.complaints]).toEqual([]);
  });

  test("a letter is read by one person alone, who can answer it, also after a reload", async () => {
    const { url } = await started();
    const ann = await enter(`${url}/rooms/lobby/`, "Ann");
    const bo = await enter(`${url}/rooms/lobby/`, "Bo");
    const cy = await enter(`${url}/rooms/lobby/`, "Cy");
    await ann.page.locator("#people").getByRole("link", { name: "Bo" }).click();
    await say(ann.page, "只给你");

    // Who writes or reads a letter has not left the room.
    await expect.poll(() => bo.page.locator("#people li").count()).toBe(3);
    await bo.page.locator("#letters").getByRole("link", { name: "Ann" }).click();
    await hears(bo.page, ["只给你"]);
    await bo.page.getByRole("heading", { name: "与 Ann 的信" }).waitFor();
    await say(bo.page, "only you");
    await bo.page.reload();
    for (const { page } of [ann, bo]) await hears(page, ["只给你", "only you"]);
    expect(await cy.page.locator("#letters li").count()).toBe(0);
    expect([...ann.complaints, ...bo.complaints, ...cy.complaints]).toEqual([]);
  });

  test("a reload keeps who one is, what was said and what was typed", async () => {
    const { url } = await started();
    const ann = await enter(`${url}/rooms/lobby/`, "Ann");
    await say(ann.page, "before");
    await hears(ann.page, ["before"]);
    await ann.page.getByPlaceholder("请输入文字").fill("half a sen");
    const bo = await enter(`${url}/rooms/lobby/`, "Bo");
    await ann.page.reload();
    await connected(ann.page);
    await ann.page.locator("#people").getByText("Ann（你）").waitFor();
    await hears(ann.page, ["before"]);
    expect(await ann.page.inputValue("#txt")).toBe("half a sen");
    // Others do not hear of it: who is back at once has not left, as Cy has.
    const cy = await enter(`${url}/rooms/lobby/`, "Cy");
    await bo.page.locator("#people").getByText("Cy").waitFor();
    await cy.page.close();
    await expect.poll(() => notes(bo.page), { timeout: 10_000 }).toContain("Cy 走了");
    expect((await notes(bo.page)).filter((note) => note.startsWith("Ann"))).toEqual([]);
  });

  test("while the layer is away the page says so; what is typed is kept, and sent later", async () => {
    const outage = new Outage(memoryLayer({ history }));
    const { url } = await started(outage.layer);
    const ann = await enter(`${url}/rooms/lobby/`, "Ann");
    const bo = await enter(`${url}/rooms/lobby/`, "Bo");
    outage.isAway = true;
    await say(ann.page, "typed meanwhile");
    await ann.page.getByRole("status").getByText("消息层暂时不在").waitFor();
    await ann.page.locator(".waiting").getByText("还没有发出").waitFor();

    outage.isAway = false;
    for (const { page } of [ann, bo]) await hears(page, ["typed meanwhile"]);
    expect(await ann.page.locator(".waiting").count()).toBe(0);
    expect([...ann.complaints, ...bo.complaints]).toEqual([]);
  });
});

describeInBrowser("a server that is killed three times", () => {
  test("loses and doubles nothing that was typed, and the pages say what they cannot know", async () => {
    let program = Program.start({ PORT: "0" });
    running.push(async () => {
      program.killGroup("SIGKILL");
      await program.exit;
    });
    const origin = await program.url();
    const ann = await enter(`${origin}/rooms/lobby/`, "Ann");
    const bo = await enter(`${origin}/rooms/lobby/`, "Bo");
    const typed: string[] = [];
    const type = async ({ page }: Visit, text: string) => {
      typed.push(text);
      await say(page, text);
    };

    for (const round of [1, 2, 3]) {
      await type(ann, `${round} ann, before`);
      await type(bo, `${round} bo, before`);
      // What one of them heard and the other did not is gone with the server's memory, and told.
      for (const { page } of [ann, bo]) {
        const heard = expect.poll(() => spoken(page), { timeout: 10_000 });
        await heard.toEqual(expect.arrayContaining([...typed]));
      }
      program.kill("SIGKILL");
      await type(ann, `${round} ann, while it dies`);
      await program.exit;
      await ann.page.getByRole("status").getByText("正在重连").waitFor();
      await type(bo, `${round} bo, while it is gone`);
      await type(ann, `${round} ann, while it is gone`);
      program = Program.start({ PORT: new URL(origin).port });
      await program.url();
      for (const { page } of [ann, bo]) {
        // They would find it by themselves; told that there is a network again, they do not wait long.
        await page.evaluate('dispatchEvent(new Event("online"))');
        await connected(page);
      }
    }
    await type(bo, "at last");

    for (const { page, complaints } of [ann, bo]) {
      const sorted = async () => (await spoken(page)).sort();
      await expect.poll(sorted, { timeout: 40_000 }).toEqual([...typed].sort());
      expect(await page.locator(".waiting").count()).toBe(0);
      expect(await notes(page)).toContain("这里可能缺了消息");
      const others = complaints.filter((text) => !text.startsWith("WebSocket connection to"));
      expect(others).toEqual([]);
    }
  });
});
