/**
 * The programs that the tests need and npm does not have.
 *
 * A missing one is installed only as root on Debian, after saying so, and never when
 * `SLUICE_NO_INSTALL=1`.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Each Debian package, the names that its program has elsewhere, and the variable that names one. */
const packages = [
  {
    name: "chromium",
    programs: ["chromium", "chromium-browser", "google-chrome"],
    variable: "CHROMIUM",
  },
  {
    name: "redis-server",
    programs: ["redis-server", "valkey-server"],
    variable: "REDIS_SERVER",
  },
  {
    name: "nats-server",
    programs: ["nats-server"],
    variable: "NATS_SERVER",
  },
  {
    name: "haproxy",
    programs: ["haproxy"],
    variable: "HAPROXY",
  },
  {
    name: "nghttp2-proxy",
    programs: ["nghttpx"],
    variable: "NGHTTPX",
  },
];

const minute = 60_000;

/** The path of a package's program, or undefined when it is not on this machine. */
export function findProgram(name) {
  const { programs, variable } = packages.find((entry) => entry.name === name);
  const named = process.env[variable];
  if (named) return isExecutable(named) ? named : undefined;
  const directories = (process.env.PATH ?? "").split(delimiter);
  return programs
    .flatMap((program) => directories.map((directory) => join(directory, program)))
    .find(isExecutable);
}

/** Installs what is missing, where that is allowed; returns the names of what is missing still. */
export function ensurePackages() {
  const missing = () => packages.map(({ name }) => name).filter((name) => !findProgram(name));
  const wanted = missing();
  if (wanted.length === 0 || !mayInstall()) return wanted;
  console.log(`installing ${wanted.join(", ")} with apt-get (SLUICE_NO_INSTALL=1 forbids it)`);
  if (!install(wanted)) {
    aptGet(5 * minute, "update");
    install(wanted);
  }
  return missing();
}

function mayInstall() {
  const isRoot = process.getuid?.() === 0;
  return isRoot && existsSync("/etc/debian_version") && process.env.SLUICE_NO_INSTALL !== "1";
}

function install(names) {
  return aptGet(10 * minute, "install", "--yes", "--no-install-recommends", ...names);
}

function aptGet(timeout, ...parameters) {
  const { status } = spawnSync("apt-get", ["-qq", ...parameters], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", "ignore", "inherit"],
    timeout,
  });
  return status === 0;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
