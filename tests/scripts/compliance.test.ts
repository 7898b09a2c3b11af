import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";

const root = dirname(dirname(import.meta.dirname));

describe("npm run compliance", () => {
  it("sets sluice and others side by side, and ends with 0 when sluice does well", async () => {
    const directory = mkdtempSync(join(tmpdir(), "sluice-compliance-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, "verdicts.json");
    const { code, output } = await ended(run("--cases", "1.1.1,6.4.1,12.4.5", "--json", file));
    expect(code).toBe(0);
    expect(output).toMatch(
      /\| 6 UTF-8 +\| 1 +\| 1 +\| 1 +\| 0, 1 non-strict +\|.*\| – +\| 0, 1 non-strict +\|/,
    );
    expect(output).toMatch(/ws \S+ server, 6\.4\.1: NON-STRICT: /);

    const report = JSON.parse(readFileSync(file, "utf8")) as {
      peers: { title: string; cases: { id: string; result: string }[] }[];
    };
    expect(report.peers.map(({ title }) => title.replace(/ [\d.]+/, ""))).toEqual([
      "sluice server",
      "sluice server over HTTP/2",
      "sluice client",
      "ws server",
      "ws client",
      "undici server",
      "undici client",
    ]);
    expect(report.peers[0]?.cases).toMatchObject([
      { id: "1.1.1", result: "OK" },
      { id: "6.4.1", result: "OK" },
      { id: "12.4.5", result: "OK" },
    ]);
  });

  it("ends with 1 and says why when a server does not do well", async () => {
    const server = createServer((socket) => socket.end("HTTP/1.1 404 Not Found\r\n\r\n"));
    await once(server.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void server.close());
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { code, output } = await ended(run("--server", url, "--cases", "1.1.*"));
    expect(code).toBe(1);
    expect(output).toContain("1.1.1 to 1.1.8: FAILED: Error: refused: HTTP/1.1 404 Not Found");
  });

  it("examines a client that comes by itself", async () => {
    const examination = run("--listen", "0", "--cases", "1.*,7.1.*");
    const [line] = (await once(
      createInterface({ input: examination.stdout as NodeJS.ReadableStream }),
      "line",
    )) as [string];
    const url = /ws:\S+/.exec(line)?.[0] as string;
    const end = ended(examination);
    connectAgain();
    expect((await end).code).toBe(0);

    function connectAgain(): void {
      const socket = new WebSocket(url);
      socket.on("message", (data: Buffer, binary) => socket.send(data, { binary }));
      socket.on("error", () => {});
      socket.on("close", (code) => {
        if (code !== 1006) connectAgain();
      });
    }
  });

  it("ends with 2 and says what it can when it does not understand", async () => {
    const { code, output } = await ended(run("--case", "1.1.1"));
    expect(code).toBe(2);
    expect(output).toContain("--cases LIST");
  });
});

function run(...parameters: string[]): ChildProcess {
  const child = spawn(process.execPath, [join(root, "scripts/compliance.mjs"), ...parameters], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** Both its outputs in one, and its exit code. */
async function ended(child: ChildProcess): Promise<{ code: number; output: string }> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const [code] = (await once(child, "close")) as [number];
  return { code, output };
}
