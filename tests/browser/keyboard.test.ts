import type { Page } from "playwright-core";
import { memoryLayer, type Server, serve } from "sluice";
import { afterEach, beforeEach, expect, test } from "vitest";
import { history } from "../../examples/tutorial/history.ts";
import { createSite } from "../../examples/tutorial/site.ts";
import { connected } from "./chat-page.ts";
import { describeInBrowser, visit } from "./chromium.ts";

let server: Server;

beforeEach(async () => {
  const layer = memoryLayer({ history });
  server = await serve({ ...createSite(layer), layer, port: 0 });
});

afterEach(() => server.close({ timeout: 0 }));

/** Presses Tab until what has the focus matches a selector, and can be seen to have it. */
async function tabTo(page: Page, selector: string): Promise<void> {
  const wanted = JSON.stringify(selector);
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press("Tab");
    if (!(await page.evaluate(`document.activeElement.matches(${wanted})`))) continue;
    const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    expect(outline).toBe("solid");
    return;
  }
  throw new Error(`60 times Tab, and never ${selector}`);
}

describeInBrowser("a visitor without a mouse", () => {
  test("skips to the content, and walks through the site", async () => {
    const { page, complaints } = await visit(server.url);
    await connected(page);
    await page.keyboard.press("Tab");
    expect(await page.locator(":focus").textContent()).toBe("跳到正文");
    await page.keyboard.press("Enter");
    expect(await page.locator(":focus").getAttribute("id")).toBe("main");
    await tabTo(page, "#txt");
    await page.keyboard.type("你好");
    await page.keyboard.press("Enter");
    await page.locator("#content li").getByText("你好").waitFor();

    for (const path of [
      "/wire/",
      "/deploy/online/1/",
      "/resume/",
      "/echo/",
      "/hello/",
      "/rooms/lobby/",
    ]) {
      await tabTo(page, `header a[href="${path}"]`);
      await page.keyboard.press("Enter");
      await page.waitForURL(server.url + path);
      await connected(page);
    }
    expect(complaints).toEqual([]);
  });

  test("takes a name, goes to another room, writes a letter, and changes language and colours", async () => {
    const bo = await visit(`${server.url}/rooms/kitchen/`);
    await connected(bo.page);
    const { page, complaints } = await visit(`${server.url}/rooms/lobby/`);
    await connected(page);

    await tabTo(page, '#rooms a[href="/rooms/kitchen/"]');
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "厨房", level: 1 }).waitFor();
    // One who chose a room wants to say something there.
    expect(await page.locator(":focus").getAttribute("id")).toBe("txt");
    await page.keyboard.type("soup?");
    await page.keyboard.press("Enter");
    await bo.page.locator(".message .text").getByText("soup?").waitFor();

    await tabTo(page, "#name");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("Ann");
    await page.keyboard.press("Enter");
    await bo.page.locator("#people").getByText("Ann", { exact: true }).waitFor();
    await tabTo(page, "#people a");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /^与 .* 的信$/ }).waitFor();
    await page.keyboard.type("for you alone");
    await page.keyboard.press("Enter");
    await bo.page.locator("#letters").getByText("1 条新消息").waitFor();

    await tabTo(page, "#language");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /^Letters with/ }).waitFor();
    expect(await page.locator(":focus").getAttribute("id")).toBe("language");
    await tabTo(page, "#theme");
    await page.keyboard.press("Space");
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
    expect([...complaints, ...bo.complaints]).toEqual([]);
  });
});
