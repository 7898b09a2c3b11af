import { afterEach, expect, test } from "vitest";
import { Program } from "../start/program.ts";
import { connected, heard, say } from "./chat-page.ts";
import { describeInBrowser, visit } from "./chromium.ts";

let program: Program | undefined;

afterEach(async () => {
  program?.killGroup("SIGKILL");
  await program?.exit;
});

/** What Chromium itself says of a server that is not there. */
const nobodyThere = /^WebSocket connection to 'ws:\/\/127\.0\.0\.1:\d+\/x1\/' failed: /;

describeInBrowser("a server that is killed and comes back", () => {
  test("finds the pages again by themselves, and nothing that was typed is lost", async () => {
    program = Program.start({ PORT: "0" });
    const url = await program.url();
    const ann = await visit(url);
    const bo = await visit(url);
    await connected(ann.page);
    await connected(bo.page);
    await say(ann.page, "before");
    await heard(bo.page, ["before"]);
    expect([...ann.complaints, ...bo.complaints]).toEqual([]);

    program.kill("SIGKILL");
    await program.exit;
    await ann.page.getByRole("status").getByText("正在重连").waitFor();
    const button = ann.page.getByRole("button", { name: "发送" });
    expect(await button.isDisabled()).toBe(true);
    await ann.page.fill("#txt", "typed meanwhile");
    await ann.page.press("#txt", "Enter");

    program = Program.start({ PORT: new URL(url).port });
    await program.url();
    await connected(ann.page);
    await connected(bo.page);
    expect(await ann.page.inputValue("#txt")).toBe("typed meanwhile");
    await button.click();

    for (const { page, complaints } of [ann, bo]) {
      await heard(page, ["before", "typed meanwhile"]);
      expect(complaints.filter((complaint) => !nobodyThere.test(complaint))).toEqual([]);
    }
  });
});
