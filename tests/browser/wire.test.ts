import { createHash } from "node:crypto";
import type { Page } from "playwright-core";
import { memoryLayer, type Server, serve } from "sluice";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSite } from "../../examples/tutorial/site.ts";
import { connected } from "./chat-page.ts";
import { describeInBrowser, type Visit, visit } from "./chromium.ts";

let server: Server;
let guest: Visit;
let page: Page;

beforeEach(async () => {
  const layer = memoryLayer();
  server = await serve({ ...createSite(layer), layer, port: 0 });
  guest = await visit(`${server.url}/wire/`);
  page = guest.page;
  await connected(page);
});

afterEach(async () => {
  expect(guest.complaints).toEqual([]);
  await server.close({ timeout: 0 });
});

/** Resolves when there is a frame of one side whose title has all these words; gives its rows. */
async function frame(side: "client" | "server", ...words: string[]): Promise<Map<string, string>> {
  let card = page.locator(`#frames > .${side}`);
  for (const word of words) card = card.filter({ has: page.locator("summary", { hasText: word }) });
  await card.first().waitFor({ state: "attached" });
  const rows = await card.first().locator("tbody tr").all();
  const cells = await Promise.all(rows.map((row) => row.locator("th, td").allTextContents()));
  return new Map(cells.map(([name = "", octets = ""]) => [name, octets]));
}

describeInBrowser("the page on the wire", () => {
  test("computes the accept key, and it is the one in the response (RFC 6455 §4.2.2)", async () => {
    await page.getByText("相等：服务器懂 WebSocket。").waitFor();
    const text = (id: string) => page.locator(`#${id}`).textContent();
    const response = await page.locator("#response .marked").textContent();
    const request = await page.locator("#request .marked").textContent();
    const key = (await text("key")) ?? "";
    const sha1 = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest();

    expect(request).toBe(`Sec-WebSocket-Key: ${key}`);
    expect(await text("joined")).toBe(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
    expect((await text("sha1"))?.replaceAll(" ", "")).toBe(sha1.toString("hex"));
    expect(await text("base64")).toBe(sha1.toString("base64"));
    expect(response).toBe(`Sec-WebSocket-Accept: ${sha1.toString("base64")}`);
  });

  test("shows each key that is typed, masked one way and plain the other (RFC 6455 §5.2)", async () => {
    await page.locator("#txt").pressSequentially("嗨!");
    const sent = await frame("client", "文本", "4 字节");
    const answer = await frame("server", "文本", "4 字节");

    expect(sent.get("FIN")).toBe("1");
    expect(sent.get("RSV1–3")).toBe("000");
    expect(sent.get("操作码")).toBe("0001");
    expect(sent.get("MASK")).toBe("1");
    expect(sent.get("长度")).toBe("0000100");
    expect(sent.get("解密之后")).toBe("e5 97 a8 21");
    const octets = (name: string) => Buffer.from(sent.get(name)?.replaceAll(" ", "") ?? "", "hex");
    const [key, raw] = [octets("masking key"), octets("数据")];
    expect(raw.map((octet, index) => octet ^ key[index % 4]!).toString()).toBe("嗨!");
    expect(answer.get("MASK")).toBe("0");
    expect(answer.get("数据")).toBe("e5 97 a8 21");
    await frame("client", "文本", "3 字节");
  });

  test("shows all three forms of the length, and the fragments of a long message", async () => {
    await page.getByRole("button", { name: "125 字节" }).click();
    expect((await frame("client", "125 字节", "7 位长度")).get("长度")).toBe("1111101");
    await page.getByRole("button", { name: "126 字节" }).click();
    const short = await frame("client", "126 字节", "16 位长度");
    expect([short.get("长度"), short.get("扩展长度")]).toEqual(["1111110", "00 7e"]);
    await page.getByRole("button", { name: "65 536 字节" }).click();
    for (const side of ["client", "server"] as const) {
      const long = await frame(side, "65 536 字节", "64 位长度");
      expect([long.get("长度"), long.get("扩展长度")]).toEqual([
        "1111111",
        "00 00 00 00 00 01 00 00",
      ]);
    }

    await page.getByRole("button", { name: "200 000 字节" }).click();
    await frame("server", "200 000 字节", "64 位长度");
    const first = await frame("client", "文本", "分片");
    expect([first.get("FIN"), first.get("操作码")]).toEqual(["0", "0001"]);
    const last = await frame("client", "后续", "分片");
    expect([last.get("FIN"), last.get("操作码")]).toEqual(["1", "0000"]);
  });

  test("shows ping and pong after a while of quiet, the closing handshake, and begins again", async () => {
    expect((await frame("server", "ping")).get("操作码")).toBe("1001");
    expect((await frame("client", "pong")).get("操作码")).toBe("1010");

    await page.getByRole("button", { name: "关闭" }).click();
    for (const side of ["client", "server"] as const) {
      expect((await frame(side, "关闭")).get("操作码")).toBe("1000");
    }
    expect((await frame("client", "关闭")).get("解密之后")).toMatch(/^03 e8 /);
    await page.getByRole("status").getByText("已关闭").waitFor();

    const before = await page.locator("#key").textContent();
    await page.getByRole("button", { name: "连接" }).click();
    await connected(page);
    await expect.poll(() => page.locator("#key").textContent()).not.toBe(before);
    await page.getByText("相等：服务器懂 WebSocket。").waitFor();
    await page.locator("#txt").fill("again");
    await frame("server", "文本", "5 字节");
  });
});
