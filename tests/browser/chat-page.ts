import type { Page } from "playwright-core";
import { expect } from "vitest";

/** Resolves when a page says that it is connected. */
export async function connected(page: Page): Promise<void> {
  await page.getByRole("status").getByText("连接成功").waitFor();
}

/** Types words and sends them as a visitor does. */
export async function say(page: Page, text: string): Promise<void> {
  await page.getByPlaceholder("请输入文字").fill(text);
  await page.getByRole("button", { name: "发送" }).click();
}

/** Resolves when a page shows these messages, and no others. */
export async function heard(page: Page, texts: readonly string[]): Promise<void> {
  const entries = page.locator("#content li");
  await expect.poll(() => entries.allTextContents(), { timeout: 10_000 }).toEqual(texts);
}
