import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Tutorial } from "./tutorial.ts";

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const pages = [
  "/",
  "/x1/",
  "/rooms/",
  "/rooms/lobby/",
  "/rooms/%E6%B2%B3%E8%BE%B9/",
  "/letters/0123456789abcdef/",
  "/wire/",
  "/resume/",
  "/echo/",
  "/hello/",
  "/deploy/online/7/",
];

const scripts = readdirSync("examples/tutorial/public")
  .filter((name) => name.endsWith(".js"))
  .map((name) => `/${name}`);

describe("the pages", () => {
  test.each(pages)("%s is a page, and everything that it names is there", async (path) => {
    const tutorial = await Tutorial.start();
    const response = await tutorial.get(path);
    const html = await response.text();

    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const named = [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, url = ""]) => url);
    expect(named.length).toBeGreaterThan(5);
    for (const url of named.filter((url) => url !== "#main")) {
      expect(url).toMatch(/^\/(?!\/)/);
      expect((await tutorial.get(url)).status, url).toBe(200);
    }
  });

  test("every script that a page loads loads scripts that are there", async () => {
    const tutorial = await Tutorial.start();
    expect(scripts).toContain("/rooms.js");
    for (const script of scripts) {
      const response = await tutorial.get(script);
      expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
      const imports = [...(await response.text()).matchAll(/from "\.(\/[^"]+)"/g)];
      for (const [, url = ""] of imports) expect((await tutorial.get(url)).status, url).toBe(200);
    }
  });

  test("nothing is inline and nothing is parsed as HTML", async () => {
    const tutorial = await Tutorial.start();
    const read = async (path: string) => (await tutorial.get(path)).text();
    for (const path of pages) {
      expect(await read(path)).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/i);
    }
    for (const path of scripts) {
      expect(await read(path)).not.toMatch(
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write/,
      );
    }
  });

  test.each(["/", "/style.css", "/favicon.ico", "/nowhere"])(
    "%s is sent with the headers that keep a visitor safe",
    async (path) => {
      const tutorial = await Tutorial.start();
      const { headers } = await tutorial.get(path);

      expect(headers.get("content-security-policy")).toBe(policy);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cache-control")).toBe("no-cache");
    },
  );

  test.each([
    [{}, "zh-CN"],
    [{ "accept-language": "en-US,en;q=0.9" }, "en"],
    [{ "accept-language": "de, zh-TW;q=0.5, en;q=0.8" }, "en"],
    [{ "accept-language": "en;q=0.3,zh" }, "zh-CN"],
    [{ "accept-language": "*" }, "zh-CN"],
    [{ "accept-language": "zh", cookie: "theme=dark; language=en" }, "en"],
    [{ "accept-language": "en", cookie: "language=zh" }, "zh-CN"],
    [{ "accept-language": "en", cookie: "language=xx" }, "en"],
  ])("with %j a page comes in %s", async (headers, language) => {
    const tutorial = await Tutorial.start();
    const response = await tutorial.get("/", { headers });
    const html = await response.text();

    expect(html).toContain(`<html lang="${language}"`);
    expect(html).toContain(
      language === "en" ? '<h1 data-word="chat.title">Web chat</h1>' : "Web聊天室",
    );
    expect(response.headers.get("vary")).toBe("accept-language, cookie");
  });

  test("the colours that somebody chose are there from the first moment", async () => {
    const tutorial = await Tutorial.start();
    const themeOf = async (cookie: string) =>
      /data-theme="(\w+)"/.exec(
        await (await tutorial.get("/", { headers: { cookie } })).text(),
      )?.[1];

    expect(await themeOf("theme=dark")).toBe("dark");
    expect(await themeOf("language=en; theme=light")).toBe("light");
    expect(await themeOf("theme=purple")).toBe("system");
  });

  test("a visitor who has this version is told so", async () => {
    const tutorial = await Tutorial.start();
    const etag = (await tutorial.get("/style.css")).headers.get("etag") ?? "";

    for (const tags of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await tutorial.get("/style.css", { headers: { "if-none-match": tags } });
      expect(again.status).toBe(304);
      expect(again.headers.get("etag")).toBe(etag);
    }
    const other = await tutorial.get("/style.css", { headers: { "if-none-match": '"other"' } });
    expect(other.status).toBe(200);
  });

  test("HEAD says what GET would say, without the body", async () => {
    const tutorial = await Tutorial.start();
    const [head, get] = [await tutorial.get("/", { method: "HEAD" }), await tutorial.get("/")];

    expect(head.headers.get("content-length")).toBe(get.headers.get("content-length"));
    expect(head.headers.get("etag")).toBe(get.headers.get("etag"));
    expect(await head.text()).toBe("");
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS"])("%s is not allowed", async (method) => {
    const tutorial = await Tutorial.start();
    const response = await tutorial.get("/", { method });

    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
  });

  test.each([
    "/nowhere",
    "/deploy/online/abc/",
    "/deploy/online/",
    "/deploy.html",
    "/pages/frame.html",
    "/rooms/not a room/",
    "/rooms/%ff/",
    "/letters/short/",
    "/../main.ts",
    "/%2e%2e/main.ts",
  ])("%s is not found, on a page that leads back", async (path) => {
    const tutorial = await Tutorial.start();
    const response = await tutorial.get(path);

    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await response.text()).toContain('href="/"');
  });
});
