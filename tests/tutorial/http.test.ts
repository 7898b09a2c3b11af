import { describe, expect, test } from "vitest";
import { Tutorial } from "./tutorial.ts";

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const pages = ["/", "/x1/", "/echo/", "/hello/", "/deploy/online/7/"];

describe("the pages", () => {
  test.each(pages)("%s is a page, and everything that it names is there", async (path) => {
    const tutorial = await Tutorial.start();
    const response = await tutorial.get(path);
    const html = await response.text();

    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const named = [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, url = ""]) => url);
    expect(named.length).toBeGreaterThan(5);
    for (const url of named) {
      expect(url).toMatch(/^\/(?!\/)/);
      expect((await tutorial.get(url)).status, url).toBe(200);
    }
  });

  test("every script that a page loads loads scripts that are there", async () => {
    const tutorial = await Tutorial.start();
    for (const script of ["/talk.js", "/deploy.js"]) {
      const response = await tutorial.get(script);
      expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
      const imports = [...(await response.text()).matchAll(/from "\.(\/[^"]+)"/g)];
      expect(imports.length).toBeGreaterThan(1);
      for (const [, url = ""] of imports) expect((await tutorial.get(url)).status, url).toBe(200);
    }
  });

  test("nothing is inline and nothing is parsed as HTML", async () => {
    const tutorial = await Tutorial.start();
    const read = async (path: string) => (await tutorial.get(path)).text();
    for (const path of pages) {
      expect(await read(path)).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/i);
    }
    for (const path of ["/talk.js", "/deploy.js", "/log.js", "/status.js"]) {
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
