import { memoryLayer, type Server, serve } from "sluice";
import { afterEach, beforeEach, expect, test } from "vitest";
import { script } from "../../examples/tutorial/script.ts";
import { createSite } from "../../examples/tutorial/site.ts";
import { connected, heard, say } from "./chat-page.ts";
import { describeInBrowser, visit } from "./chromium.ts";

let server: Server;

beforeEach(async () => {
  const layer = memoryLayer();
  server = await serve({ ...createSite(layer), layer, port: 0 });
});

afterEach(() => server.close({ timeout: 0 }));

describeInBrowser("the other pages", () => {
  test("a deployment streams to two visitors, line by line, to its end", async () => {
    const ann = await visit(`${server.url}/deploy/online/7/`);
    await ann.page.locator("#content li").nth(2).waitFor();
    const bo = await visit(`${server.url}/deploy/online/7/`);
    // A connection that is made anew is told all lines again: the page shows each once.
    await ann.page.evaluate('dispatchEvent(new Event("online"))');

    for (const { page, complaints } of [ann, bo]) {
      await page.getByText("task 7: live").waitFor();
      await heard(page, script("7"));
      expect(await page.locator("h1").textContent()).toBe("部署 7");
      expect(await page.locator("#step").textContent()).toBe("完成：已在 3 台服务器上线");
      expect(await page.evaluate("document.getElementById('progress').position")).toBe(1);
      expect(await page.locator("#servers li").allTextContents()).toEqual([
        "web-1 正常",
        "web-2 正常",
        "web-3 正常",
      ]);
      expect(complaints).toEqual([]);
    }

    await ann.page.getByRole("link", { name: "任务 8 →" }).click();
    await ann.page.getByText("task 8: deploying").waitFor();
  });

  test("the echo page shows what was said and what was answered", async () => {
    const { page, complaints } = await visit(`${server.url}/echo/`);
    await connected(page);

    await say(page, "在吗?");

    await heard(page, ["在吗?", "收到了"]);
    expect(complaints).toEqual([]);
  });

  test("the hello page shows the handshake and the messages", async () => {
    const { page, complaints } = await visit(`${server.url}/hello/`);
    await connected(page);

    await say(page, "你好");

    await page.getByText("text, 6 bytes: 你好").waitFor();
    await page.getByText("GET /hello/ HTTP/1.1").waitFor();
    expect(complaints).toEqual([]);
  });

  test("the parts are linked with each other", async () => {
    const { page, complaints } = await visit(server.url);
    for (const name of ["部署", "回声", "你好", "续传", "线上", "房间", "聊天室"]) {
      await page.getByRole("navigation", { name: "教程" }).getByRole("link", { name }).click();
      await connected(page);
    }
    expect(new URL(page.url()).pathname).toBe("/");
    expect(complaints).toEqual([]);
  });
});
