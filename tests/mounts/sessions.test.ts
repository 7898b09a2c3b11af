import { readFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { describeInBrowser, type Visit, visit } from "../browser/chromium.ts";
import { Mount, mounts } from "./mount.ts";

/** The page's words for a connection that was closed with 4510. */
const loggedOut = "You were logged out. The connection has ended for good (4510).";

/** What Chromium itself says of a socket that was refused: no page can keep it from that. */
const refusal = /^WebSocket connection to 'ws:\S+' failed: HTTP Authentication failed; /;

describe.each([
  ["sessions/express", "connect.sid"],
  ["sessions/fastify", "sessionId"],
])("the example %s", (example, cookieName) => {
  let mount: Mount;

  beforeAll(async () => {
    mount = await Mount.start(example);
  });

  describeInBrowser("a login in Chromium", () => {
    test("leads to a deployment that knows the name, in every tab", async () => {
      const ann = await logIn(mount, "Ann");
      expect(new URL(ann.page.url()).pathname).toBe("/deploy/online/1/");

      const other = await openTab(ann, `${mount.url}/deploy/online/42/`);
      await follows(other.page, "Ann");
      expect(await other.page.locator("h1").textContent()).toBe("Deployment 42");
      expect(await other.page.locator("#lines li").first().textContent()).toMatch(/^task 42: /);
      expect([...ann.complaints, ...other.complaints]).toEqual([]);
    });

    test("ends in another tab: 4510 within a second, in words, and for good", async () => {
      const ann = await logIn(mount, "Ann");
      const bo = await logIn(mount, "Bo");
      const [first, second] = [
        await openTab(ann, `${mount.url}/deploy/online/7/`),
        await openTab(ann, `${mount.url}/deploy/online/8/`),
      ];
      await follows(first.page, "Ann");
      await follows(second.page, "Ann");

      const before = performance.now();
      await second.page.getByRole("button", { name: "Log out" }).click();
      await says(first.page, loggedOut);
      expect(performance.now() - before).toBeLessThan(1_000);
      await says(ann.page, loggedOut);
      await second.page.waitForURL(`${mount.url}/`);

      expect(await first.page.getByText("Logged in as").isVisible()).toBe(false);
      expect(await first.page.getByRole("link", { name: "Log in" }).isVisible()).toBe(true);
      // The page's own clock runs on: in two minutes whoever wants to come back has tried.
      await first.page.clock.runFor(120_000);
      expect(first.sockets).toEqual([mount.socketUrl("/deploy/online/7/")]);
      expect(await first.page.getByRole("status").textContent()).toBe(loggedOut);

      // Bo, in a browser of his own, sees his deployment go on to its end.
      await bo.page.getByText("live on 3 servers").waitFor();
      await follows(bo.page, "Bo");
      const complaints = [ann, first, second, bo].flatMap((tab) => tab.complaints);
      expect(complaints).toEqual([]);
    });

    test("as somebody else ends what the one before had open", async () => {
      const ann = await logIn(mount, "Ann");
      const other = await openTab(ann, mount.url);
      await fillIn(other.page, "Carol");
      await follows(other.page, "Carol");
      await says(ann.page, loggedOut);
      expect([...ann.complaints, ...other.complaints]).toEqual([]);
    });

    test("that is missing: the socket is refused, and the page says so", async () => {
      const { page, complaints } = await visit(`${mount.url}/deploy/online/7/`);
      await says(page, "You are not logged in.");
      expect(await page.getByText("Logged in as").isVisible()).toBe(false);

      await page.getByRole("link", { name: "Log in" }).click();
      await fillIn(page, "Dora");
      await follows(page, "Dora");
      expect(complaints).toEqual([expect.stringMatching(refusal)]);
    });

    test("outlives the connection: told that the server restarts, the page tries again", async () => {
      const restarting = await Mount.start(example);
      const { page } = await logIn(restarting, "Ann");
      expect(await restarting.terminate()).toEqual({ code: 0, errors: [] });
      await says(page, "Reconnecting");
      expect(await page.getByText("Logged in as Ann").isVisible()).toBe(true);
    });

    test("as something that looks like a part of a page shows it as it is", async () => {
      const { complaints } = await logIn(mount, "<img src=x onerror=alert()>");
      expect(complaints).toEqual([]);
    });

    test.each([390, 1280])("fits into %i pixels, however long the name", async (width) => {
      const { page } = await logIn(mount, "W".repeat(40));
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    });
  });

  test("refuses a socket without a session, and one with a cookie of our own making", async () => {
    expect(await mount.refused("/deploy/online/7/")).toBe(401);
    const forged = `${cookieName}=${encodeURIComponent("s:forged.signature")}`;
    expect(await upgrade(mount, forged)).toBe(401);
  });

  test("allows its pages nothing but its own files", async () => {
    for (const path of ["/", "/deploy/online/7/", "/deploy.js", "/session", "/nowhere"]) {
      const { headers } = await mount.get(path);
      expect(headers.get("content-security-policy"), path).toMatch(/^default-src 'none'/);
      expect(headers.get("x-content-type-options"), path).toBe("nosniff");
    }
  });

  test("keeps the cookie from scripts and other sites, and renews its id with each login", async () => {
    const one = await post(mount, "/login", "name=Ann", { origin: mount.url });
    const [line = ""] = one.headers.getSetCookie();
    expect(line).toMatch(new RegExp(`^${cookieName}=`));
    expect(line).toMatch(/; HttpOnly/);
    expect(line).toMatch(/; SameSite=Lax/);

    const two = await post(mount, "/login", "name=Bo", {
      origin: mount.url,
      cookie: cookieOf(one),
    });
    expect(cookieOf(two)).toMatch(new RegExp(`^${cookieName}=`));
    expect(cookieOf(two)).not.toBe(cookieOf(one));
    expect(await username(mount, cookieOf(one))).toBe(null);
    expect(await username(mount, cookieOf(two))).toBe("Bo");
  });

  test.each([
    ["of another site", { origin: "http://elsewhere.example" }],
    ["of another port", { origin: "http://127.0.0.1:1" }],
    ["of a page in a sandbox", { origin: "null" }],
    ["of nobody", {}],
  ])("takes no form %s", async (_, headers) => {
    const cookie = cookieOf(await post(mount, "/login", "name=Ann", { origin: mount.url }));
    for (const path of ["/login", "/logout"]) {
      const answer = await post(mount, path, "name=Mallory", { ...headers, cookie });
      expect(answer.status, path).toBe(403);
      expect(answer.headers.getSetCookie(), path).toEqual([]);
    }
    expect(await username(mount, cookie)).toBe("Ann");
  });

  test.each(["", "name=", "name=+", `name=${"n".repeat(41)}`])(
    "takes no login with the form %j",
    async (form) => {
      expect((await post(mount, "/login", form, { origin: mount.url })).status).toBe(400);
    },
  );
});

test("the how-to shows the example's files as they are", () => {
  const root = join(mounts, "../..");
  const page = readFileSync(join(root, "docs/how-to/sessions.md"), "utf8");
  const shown = [...page.matchAll(/^```\w+ (\S+)\n([^]*?)^```$/gm)];
  expect(shown.map(([, path]) => path)).toEqual(
    ["deploy.ts", "express/server.ts", "fastify/server.ts", "form.ts", "public/deploy.js"].map(
      (file) => `examples/mounts/sessions/${file}`,
    ),
  );
  for (const [, path = "", text] of shown) {
    expect(text, path).toBe(readFileSync(join(root, path), "utf8"));
  }
});

/** One more page of a visitor, and the sockets that it opens. */
interface Tab extends Visit {
  readonly sockets: readonly string[];
}

/** Opens a page in the same browser, with the cookies that are there already. */
async function openTab(visitor: Visit, url: string): Promise<Tab> {
  const page = await visitor.page.context().newPage();
  const complaints: string[] = [];
  const sockets: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("websocket", (socket) => sockets.push(socket.url()));
  await page.clock.install();
  await page.goto(url);
  return { page, complaints, sockets };
}

/** Comes as a new visitor and logs in; resolves when the deployment knows the name. */
async function logIn(mount: Mount, name: string): Promise<Visit> {
  const visitor = await visit(mount.url);
  await fillIn(visitor.page, name);
  await follows(visitor.page, name);
  return visitor;
}

/** Sends the login form as a visitor does. */
async function fillIn(page: Page, name: string): Promise<void> {
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** Resolves when a page shows a deployment to somebody of this name. */
async function follows(page: Page, name: string): Promise<void> {
  await says(page, "Connected");
  await page.getByText(`Logged in as ${name}`, { exact: true }).waitFor();
  await page.locator("#lines li").first().waitFor();
}

/** Resolves when a page says how its connection is. */
async function says(page: Page, words: string): Promise<void> {
  await page.getByRole("status").getByText(words, { exact: true }).waitFor();
}

/** Sends a form; a redirection is not followed. */
function post(mount: Mount, path: string, body: string, headers: object): Promise<Response> {
  const form = { "content-type": "application/x-www-form-urlencoded" };
  return fetch(mount.url + path, {
    method: "POST",
    body,
    headers: { ...headers, ...form },
    redirect: "manual",
  });
}

/** The cookie that an answer sets. */
function cookieOf(response: Response): string {
  return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

/** Who is logged in with a cookie. */
async function username(mount: Mount, cookie: string): Promise<unknown> {
  const response = await fetch(`${mount.url}/session`, { headers: { cookie } });
  return ((await response.json()) as { readonly username: unknown }).username;
}

/** Asks for a socket with a cookie; resolves with the status of the answer. */
async function upgrade(mount: Mount, cookie: string): Promise<number | undefined> {
  const request = get(`${mount.url}/deploy/online/7/`, {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
      cookie,
    },
  });
  const status = await new Promise<number | undefined>((resolve, reject) => {
    request.on("response", ({ statusCode }) => resolve(statusCode));
    request.on("upgrade", () => resolve(101));
    request.on("error", reject);
  });
  request.destroy();
  return status;
}
