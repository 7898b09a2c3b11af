import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, describe } from "vitest";

/** Where the browser is: the test configuration looks for it, and leaves this empty in vain. */
const program = process.env["CHROMIUM"] ?? "";

const missing = "no browser: install chromium, or set CHROMIUM to its path";

/** Why these tests need not run. With `CI=true` nothing is an excuse: they fail. */
const excuse = program === "" && process.env["CI"] !== "true" ? missing : undefined;

/** Tests that need a browser. Without one they are skipped, and their title says why. */
export function describeInBrowser(title: string, tests: () => void): void {
  if (excuse === undefined) describe(title, tests);
  else describe.skip(`${title} (${excuse})`, tests);
}

let running: Promise<Browser> | undefined;

/** A page of a visitor of its own, and every complaint that the browser has about it. */
export interface Visit {
  readonly page: Page;
  readonly complaints: string[];
}

/** Opens a page as a new visitor, whose browser asks for Chinese unless the options say otherwise. */
export async function visit(url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  running ??= launch();
  const context = await (await running).newContext({
    ignoreHTTPSErrors: true,
    locale: "zh-CN",
    ...options,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(url);
  return { page, complaints };
}

afterAll(async () => {
  await (await running)?.close();
});

async function launch(): Promise<Browser> {
  if (program === "") throw new Error(missing);
  return chromium.launch({
    executablePath: program,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
