import { afterEach, expect, test } from "vitest";
import { Program } from "../start/program.ts";
import { connected, say } from "./chat-page.ts";
import { describeInBrowser, visit } from "./chromium.ts";

let program: Program | undefined;

afterEach(async () => {
  program?.killGroup("SIGKILL");
  await program?.exit;
});

describeInBrowser("the site by several processes (LAYER=cluster)", () => {
  test("is one site: rooms, who is here, and octets that another process copied", async () => {
    program = Program.start({ PORT: "0", LAYER: "cluster", WORKERS: "3" });
    const url = await program.url();
    await program.line(/^sluice serves with 3 workers/);
    const guests = await Promise.all([1, 2, 3, 4].map(() => visit(`${url}/rooms/lobby/`)));
    for (const { page } of guests) {
      await connected(page);
      await page.getByText("现在在这里：4 人").waitFor();
    }
    await say(guests[0]!.page, "你好");
    for (const { page } of guests) await page.locator(".message .text").getByText("你好").waitFor();

    for (const { page, complaints } of guests) {
      await page.goto(`${url}/wire/`);
      await connected(page);
      await page.getByText("相等：服务器懂 WebSocket。").waitFor();
      await page.fill("#txt", "hello");
      await page.locator("#frames .server").getByText("5 字节").first().waitFor();
      expect(complaints).toEqual([]);
    }
  });
});
