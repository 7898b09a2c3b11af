import { memoryLayer, type Server, serve } from "sluice";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSite } from "../../examples/tutorial/site.ts";
import { Client } from "../tutorial/client.ts";
import { connected, heard, say } from "./chat-page.ts";
import { describeInBrowser, visit } from "./chromium.ts";
import { tutorialPage } from "./tutorial-page.ts";

let server: Server;

beforeEach(async () => {
  const layer = memoryLayer();
  const site = createSite(layer);
  server = await serve({
    websocket: site.websocket,
    // The tutorial's page comes from the same host, without our policy: its script is inline.
    http: (request, response) => {
      if (request.url !== "/index/") return site.http(request, response);
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(tutorialPage(`${server.webSocketUrl}/x1/`));
    },
    layer,
    port: 0,
  });
});

afterEach(() => server.close({ timeout: 0 }));

describeInBrowser("the chat page", () => {
  test("two visitors talk, and each sees the words of both", async () => {
    const ann = await visit(server.url);
    const bo = await visit(server.url);
    await connected(ann.page);
    await connected(bo.page);

    await say(ann.page, "你好，bo");
    await heard(bo.page, ["你好，bo"]);
    await say(bo.page, "hello, ann");

    for (const { page, complaints } of [ann, bo]) {
      await heard(page, ["你好，bo", "hello, ann"]);
      expect(complaints).toEqual([]);
    }
    expect(await ann.page.inputValue("#txt")).toBe("");
  });

  test("what somebody types is text: it runs nothing and changes nothing", async () => {
    const ann = await visit(server.url);
    const bo = await visit(server.url);
    await connected(ann.page);
    await connected(bo.page);
    const markup = `<img src=x onerror="document.title='run'"><script>document.title='run'</script>`;

    await say(ann.page, markup);

    for (const { page, complaints } of [ann, bo]) {
      await heard(page, [markup]);
      expect(await page.locator("main img, main script").count()).toBe(0);
      expect(await page.title()).toBe("Web聊天室 · sluice");
      expect(complaints).toEqual([]);
    }
  });

  test("a thousand lines stay, older ones go, and the end stays in sight", async () => {
    const { page, complaints } = await visit(server.url);
    await connected(page);
    const talker = await Client.open(`${server.webSocketUrl}/x1/`);
    for (let line = 0; line < 1100; line += 1) talker.send(`line ${line}`);

    const lines = page.locator("#content li");
    const last = lines.getByText("line 1099", { exact: true });
    await last.waitFor();

    expect(await lines.count()).toBe(1000);
    expect(await lines.first().textContent()).toBe("line 100");
    expect((await last.boundingBox())?.y).toBeLessThan(page.viewportSize()?.height ?? 0);
    expect(complaints).toEqual([]);
    await talker.close();
  });

  test("the page is sent with the strict policy, and the browser holds to it", async () => {
    const { page } = await visit(server.url);
    const response = await page.reload();
    expect(response?.headers()["content-security-policy"]).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );

    await page.evaluate(`
      const script = document.createElement("script");
      script.textContent = "document.title = 'run'";
      document.body.append(script);
    `);
    expect(await page.title()).toBe("Web聊天室 · sluice");
  });
});

describeInBrowser("the page of the tutorial that sluice follows", () => {
  test("works as it is", async () => {
    const old = await visit(`${server.url}/index/`);
    const ours = await visit(server.url);
    await old.page.locator("#tips", { hasText: "连接成功" }).waitFor();
    await connected(ours.page);

    await old.page.fill("#txt", "从教程来");
    await old.page.click("#btn");
    await heard(ours.page, ["从教程来"]);
    await say(ours.page, "from the new page");

    await old.page.locator("#content > div").nth(1).waitFor();
    expect(await old.page.locator("#content > div").allTextContents()).toEqual([
      "从教程来",
      "from the new page",
    ]);
    expect(await old.page.inputValue("#txt")).toBe("从教程来");
    expect([...old.complaints, ...ours.complaints]).toEqual([]);
  });
});
