import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { shellWord } from "../../src/cli/shell-word.ts";

describe("a folder, as the shell is told it", () => {
  it.each([
    ["my-chat", "my-chat"],
    ["../chats/my_chat.2", "../chats/my_chat.2"],
    ["聊天", "聊天"],
    ["my chat", "'my chat'"],
    ["ann's chat", "'ann'\\''s chat'"],
    ["$HOME", "'$HOME'"],
    ["a;b", "'a;b'"],
    ["a\\b", "'a\\b'"],
  ])("%s: %s", (folder, expected) => {
    expect(shellWord(folder, "linux")).toBe(expected);
    const told = execFileSync("sh", ["-c", `printf %s ${expected}`], { encoding: "utf8" });
    expect(told).toBe(folder);
  });

  it.each([
    ["my-chat", "my-chat"],
    ["chats\\my-chat", "chats\\my-chat"],
    ["my chat", '"my chat"'],
    ["ann's chat", '"ann\'s chat"'],
  ])("on Windows %s: %s", (folder, expected) => {
    expect(shellWord(folder, "win32")).toBe(expected);
  });
});
