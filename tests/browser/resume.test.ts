import { afterEach, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { Program } from "../start/program.ts";
import { connected, heard, say } from "./chat-page.ts";
import { describeInBrowser, visit } from "./chromium.ts";

let program: Program | undefined;

afterEach(async () => {
  program?.killGroup("SIGKILL");
  await program?.exit;
});

describeInBrowser("the page that misses nothing", () => {
  test("goes on after a reload where it was, with what was said meanwhile", async () => {
    program = Program.start({ PORT: "0" });
    const url = `${await program.url()}/resume/`;
    const [ann, bo] = [await visit(url), await visit(url)];
    for (const { page } of [ann, bo]) await connected(page);
    await say(ann.page, "one");
    await heard(bo.page, ["one"]);
    await bo.page.goto("about:blank");
    for (const text of ["two", "<b>three</b>"]) await say(ann.page, text);
    await heard(ann.page, ["one", "two", "<b>three</b>"]);
    await bo.page.goto(url);
    await say(ann.page, "four");
    for (const { page, complaints } of [ann, bo]) {
      await heard(page, ["one", "two", "<b>three</b>", "four"]);
      expect(await unheard(page)).toBe(0);
      expect(complaints).toEqual([]);
    }
  });

  test("misses nothing while it is offline, and says later what was typed meanwhile", async () => {
    program = Program.start({ PORT: "0" });
    const url = `${await program.url()}/resume/`;
    const [ann, bo] = [await visit(url), await visit(url)];
    for (const { page } of [ann, bo]) await connected(page);
    await say(ann.page, "one");
    await heard(bo.page, ["one"]);
    // The sockets that are open stay: this is what a computer that slept finds.
    await bo.page.context().setOffline(true);
    await bo.page.evaluate('dispatchEvent(new Event("online"))');
    await bo.page.getByRole("status").getByText("正在重连").waitFor();
    await say(bo.page, "typed offline");
    await say(ann.page, "two");
    await heard(bo.page, ["one", "typed offline"]);
    expect(await unheard(bo.page)).toBe(1);
    await bo.page.context().setOffline(false);
    for (const { page } of [ann, bo]) {
      await heard(page, ["one", "two", "typed offline"]);
      expect(await unheard(page)).toBe(0);
    }
  });

  test("says that something may be missing when the server has lost its memory", async () => {
    program = Program.start({ PORT: "0" });
    const origin = await program.url();
    const [ann, bo] = [await visit(`${origin}/resume/`), await visit(`${origin}/resume/`)];
    for (const { page } of [ann, bo]) await connected(page);
    await say(ann.page, "before");
    await heard(bo.page, ["before"]);
    program.kill("SIGKILL");
    await program.exit;
    await ann.page.getByRole("status").getByText("正在重连").waitFor();
    await say(ann.page, "typed meanwhile");
    program = Program.start({ PORT: new URL(origin).port });
    await program.url();
    const missing = "这里可能缺了消息";
    // Who comes back first says its words; whether the other one is there by then, the page tells.
    for (const { page } of [ann, bo]) await page.getByText(missing).waitFor({ timeout: 30_000 });
    await ann.page.locator("li.sent", { hasText: "typed meanwhile" }).waitFor();
    await say(ann.page, "after");
    for (const { page } of [ann, bo]) {
      await page.getByText("after").waitFor();
      const entries = await page.locator("#content li").allTextContents();
      expect(entries[0]).toBe("before");
      expect(entries.at(-1)).toBe("after");
      expect(new Set(entries).size).toBe(entries.length);
      expect(await unheard(page)).toBe(0);
    }
  });
});

/** How many messages a page has said that it has not heard itself. */
function unheard(page: Page): Promise<number> {
  return page.locator("#content li.waiting").count();
}
