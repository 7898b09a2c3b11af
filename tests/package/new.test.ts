import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "sluice";
import { freePort } from "../../brokers/free-port.ts";
import { Packed, run } from "./packed.ts";

let packed: Packed;
let project: string;
beforeAll(async () => {
  packed = await Packed.install();
  project = join(packed.folder, "my-chat");
});
afterAll(() => packed.remove());

/** `npx sluice`, as it is where the package is installed. */
function sluice(...parameters: string[]): Promise<string> {
  return packed.node(join("node_modules", ".bin", "sluice"), ...parameters);
}

describe("sluice new my-chat", () => {
  it("makes a folder, and says what to do in it", async () => {
    const said = await sluice("new", "my-chat");
    expect(said).toContain("my-chat has chat.ts, main.ts, chat.test.ts.");
    expect(said).toContain(`Node.js ${process.versions.node}`);
    expect(said).toContain("cd my-chat\n  npm install\n  npm test\n  npm start\n");
    expect(readdirSync(project).sort()).toEqual([
      ".gitignore",
      "chat.test.ts",
      "chat.ts",
      "main.ts",
      "package.json",
      "tsconfig.json",
    ]);
  });

  it("says how to go to a folder whose name has a space in it", async () => {
    expect(await sluice("new", "our chat")).toContain("cd 'our chat'\n");
  });

  it("asks for this very version", () => {
    const { version } = read("../node_modules/sluice/package.json");
    expect(read("package.json")).toMatchObject({
      name: "my-chat",
      dependencies: { sluice: `^${version}` },
    });
  });

  it("refuses a folder that has something in it, and leaves it as it is", async () => {
    mkdirSync(join(packed.folder, "full"));
    writeFileSync(join(packed.folder, "full", "thesis.txt"), "nearly done\n");
    await expect(sluice("new", "full")).rejects.toThrow(
      "sluice: full is not empty, it has thesis.txt: choose a new folder",
    );
    expect(readdirSync(join(packed.folder, "full"))).toEqual(["thesis.txt"]);
  });

  it("installs, and its test passes", async () => {
    // Not yet where npm would find it: from the tarball. All else comes out of npm's cache.
    await run(
      project,
      "npm",
      "install",
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      "--install-links",
      packed.tarball,
    );
    const said = await run(project, "npm", "test");
    expect(said).toContain("what one says, everybody hears");
    expect(said).toMatch(/^# fail 0$|ℹ fail 0$/m);
  }, 120_000);

  it("starts: a page, a chat, and an orderly end", async () => {
    const port = await freePort();
    const server = spawn("npm", ["start"], {
      cwd: project,
      env: { ...process.env, PORT: String(port) },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    // The server has these pipes too: they are closed when it has ended, not only npm.
    const ended = once(server, "close");
    let said = "";
    server.stderr.on("data", (chunk: Buffer) => (said += chunk));
    try {
      await new Promise<void>((resolve, reject) => {
        server.stdout.on("data", (chunk: Buffer) => {
          said += chunk;
          if (said.includes("sluice serves")) resolve();
        });
        server.once("exit", () => reject(new Error(`it ended: ${said}`)));
      });
      const page = await fetch(`http://127.0.0.1:${port}/`);
      expect(await page.text()).toContain("<title>Chat</title>");
      const url = `ws://127.0.0.1:${port}/chat/`;
      await using ann = await connect(url);
      await using bob = await connect(url);
      ann.send("hello");
      expect(await bob.receive()).toBe("hello");
      expect(await ann.receive()).toBe("hello");
      // npm alone, and its shell may pass nothing on.
      server.kill("SIGTERM");
      await ended;
      expect(said).toMatch(/^(SIGTERM|the npm script has ended): stopping$/m);
    } finally {
      // Whatever is left of npm and what it has started.
      try {
        process.kill(-server.pid!, "SIGKILL");
      } catch (error) {
        expect(error).toMatchObject({ code: "ESRCH" });
      }
    }
  });
});

function read(path: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(join(project, path), "utf8")) as Record<string, unknown>;
}
