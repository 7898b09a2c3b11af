import axe from "axe-core";
import type { Page } from "playwright-core";
import { memoryLayer, type Server, serve } from "sluice";
import { afterAll, beforeAll, expect, test } from "vitest";
import { history } from "../../examples/tutorial/history.ts";
import { createSite } from "../../examples/tutorial/site.ts";
import { connected, say } from "./chat-page.ts";
import { describeInBrowser, visit } from "./chromium.ts";

let server: Server;

beforeAll(async () => {
  const layer = memoryLayer({ history });
  server = await serve({ ...createSite(layer), layer, port: 0 });
});

afterAll(() => server.close({ timeout: 0 }));

/** What axe has against a page as it is now. */
async function violations(page: Page): Promise<string[]> {
  const run = 'axe.run({ resultTypes: ["violations"] })';
  const { violations } = (await page.evaluate(run)) as axe.AxeResults;
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

/** Fills a page with whatever it can show. */
const scenes: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  "/": (page) => say(page, "hello"),
  "/rooms/lobby/": async (page) => {
    const guest = await visit(`${server.url}/rooms/lobby/`);
    await connected(guest.page);
    await say(guest.page, "hello");
    await page.locator("#people a").first().waitFor();
    await page.context().setOffline(true);
    await page.evaluate('dispatchEvent(new Event("online"))');
    await say(page, "not sent yet");
    await page.locator(".waiting").waitFor();
  },
  "/letters/0123456789abcdef/": (page) => say(page, "hello"),
  "/wire/": async (page) => {
    await page.locator("#txt").fill("hello");
    await page.locator("#frames .server table").waitFor();
  },
  "/deploy/online/7/": (page) => page.locator("#servers li").first().waitFor(),
  "/resume/": (page) => say(page, "hello"),
  "/echo/": (page) => say(page, "hello"),
  "/hello/": (page) => say(page, "hello"),
  "/nowhere": async () => {},
};

describeInBrowser("axe", () => {
  test("would notice a field without a name, and words that are too pale", async () => {
    const { page } = await visit(`${server.url}/echo/`);
    await page.evaluate(axe.source);
    await page.evaluate(`
      document.getElementById("txt").removeAttribute("aria-label");
      document.getElementById("txt").removeAttribute("placeholder");
      document.querySelector("h1").style.color = "rgb(200, 200, 200)";
    `);
    const found = (await violations(page)).map((violation) => violation.split(":", 1)[0]);
    expect(found.sort()).toEqual(["color-contrast", "label"]);
  });

  test.each(Object.entries(scenes))(
    "has nothing against %s, however it is shown",
    async (path, fill) => {
      const viewport = { width: path === "/wire/" ? 390 : 1000, height: 800 };
      const { page } = await visit(server.url + path, { viewport });
      if (path !== "/nowhere") await connected(page);
      await fill(page);
      await page.evaluate(axe.source);

      const html = page.locator("html");
      const language = page.locator("#language");
      // Words come from the server, also where a scene has gone offline.
      await page.context().setOffline(false);
      for (const [lang, theme] of [
        ["zh-CN", "light"],
        ["zh-CN", "dark"],
        ["en", "dark"],
        ["en", "light"],
      ]) {
        if ((await html.getAttribute("lang")) !== lang) await language.click();
        await expect.poll(() => html.getAttribute("lang")).toBe(lang);
        const isDark = (await page.locator("#theme").getAttribute("aria-pressed")) === "true";
        if (isDark !== (theme === "dark")) await page.locator("#theme").click();
        expect(await violations(page), `${lang} ${theme}`).toEqual([]);
      }
      await page.setViewportSize({ width: 390, height: 800 });
      expect(await violations(page), "narrow").toEqual([]);
      const width = await page.evaluate("document.documentElement.scrollWidth");
      expect(width, "nothing is wider than a phone").toBe(390);
    },
  );
});

describeInBrowser("the switches", () => {
  test("change language and colours at once, and are remembered on the next page", async () => {
    const { page, complaints } = await visit(server.url, { locale: "en-GB" });
    await page.getByRole("heading", { name: "Web chat" }).waitFor();
    await page.fill("#txt", "half a sen");
    await page.getByRole("button", { name: "中文" }).click();
    await page.getByRole("heading", { name: "Web聊天室" }).waitFor();
    expect(await page.title()).toBe("Web聊天室 · sluice");
    expect(await page.getAttribute("#txt", "placeholder")).toBe("请输入文字");
    expect(await page.inputValue("#txt")).toBe("half a sen");
    await page.getByRole("button", { name: "深色" }).click();
    const paper = () => page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
    expect(await paper()).toBe("rgb(17, 23, 26)");

    await page.getByRole("link", { name: "回声" }).first().click();
    await connected(page);
    expect(await page.getAttribute("html", "lang")).toBe("zh-CN");
    expect(await paper()).toBe("rgb(17, 23, 26)");
    await page.getByRole("button", { name: "English" }).click();
    await page.getByRole("status").getByText("Connected").waitFor();
    expect(complaints).toEqual([]);
  });
});
