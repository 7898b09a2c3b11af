import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished } from "vitest";
import { freePort } from "../../brokers/free-port.ts";
import { certificate } from "../server/certificate.ts";

/** A proxy that translates between WebSockets over HTTP/1.1 and over HTTP/2. */
export type ProxyName = "haproxy" | "nghttpx";

/** Where the programs are: the test configuration looks for them, and leaves these empty in vain. */
const programs: Readonly<Record<ProxyName, string>> = {
  haproxy: process.env["HAPROXY"] ?? "",
  nghttpx: process.env["NGHTTPX"] ?? "",
};

/** Tests that need a proxy. Without it they are skipped, and their title says why. */
export function describeWithProxy(name: ProxyName, title: string, tests: () => void): void {
  // With `CI=true` nothing is an excuse: they fail.
  if (programs[name] !== "" || process.env["CI"] === "true") describe(title, tests);
  else describe.skip(`${title} (no ${name}: install it, or set ${name.toUpperCase()})`, tests);
}

/** What a proxy speaks on one of its sides: HTTP/2 in cleartext takes prior knowledge. */
export type Side = "http1" | "http2" | "tls";

/**
 * Starts a proxy in front of a port, until the end of the test.
 *
 * @returns its own port.
 */
export async function startProxy(
  name: ProxyName,
  front: Side,
  back: Side,
  target: number,
): Promise<number> {
  const program = programs[name];
  if (program === "") throw new Error(`no ${name}`);
  const directory = mkdtempSync(join(tmpdir(), `sluice-${name}-`));
  const port = await freePort();
  writeFileSync(join(directory, "both.pem"), `${certificate.cert}\n${certificate.key}\n`);
  writeFileSync(join(directory, "cert.pem"), certificate.cert);
  writeFileSync(join(directory, "key.pem"), certificate.key);
  const start = { haproxy: haproxyArguments, nghttpx: nghttpxArguments }[name];
  const child = spawn(program, start(directory, port, front, back, target), {
    stdio: ["ignore", "ignore", "inherit"],
  });
  onTestFinished(async () => {
    await stop(child);
    rmSync(directory, { recursive: true, force: true });
  });
  await expect.poll(() => canConnect(port), { timeout: 20_000 }).toBe(true);
  return port;
}

function haproxyArguments(
  directory: string,
  port: number,
  front: Side,
  back: Side,
  target: number,
): string[] {
  const bind = {
    http1: "proto h1",
    http2: "proto h2",
    tls: `ssl crt ${join(directory, "both.pem")} alpn h2,http/1.1`,
  }[front];
  const server = {
    http1: "proto h1",
    http2: "proto h2",
    tls: "ssl verify none alpn h2,http/1.1 ws h2",
  }[back];
  const file = join(directory, "haproxy.cfg");
  writeFileSync(
    file,
    `global
  maxconn 100
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout tunnel 30s
frontend in
  bind 127.0.0.1:${port} ${bind}
  default_backend out
backend out
  server sluice 127.0.0.1:${target} ${server}
`,
  );
  return ["-db", "-f", file];
}

function nghttpxArguments(
  directory: string,
  port: number,
  front: Side,
  back: Side,
  target: number,
): string[] {
  const tls = front === "tls" ? "" : ";no-tls";
  const proto = { http1: ";proto=http/1.1", http2: ";proto=h2", tls: ";proto=h2;tls" }[back];
  return [
    "--conf=/dev/null",
    "--workers=1",
    "--errorlog-file=/dev/null",
    "--insecure",
    `--frontend=127.0.0.1,${port}${tls}`,
    `--backend=127.0.0.1,${target};${proto}`,
    join(directory, "key.pem"),
    join(directory, "cert.pem"),
  ];
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  return new Promise((resolve) => {
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}
