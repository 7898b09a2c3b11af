import { join } from "node:path";
import { configDefaults, defineConfig } from "vitest/config";
import packageJson from "./package.json" with { type: "json" };
import { findProgram } from "./scripts/system-packages.mjs";

/** Tests that need a browser, other programs, a build or much time. */
const system = [
  "benchmarks/system",
  "browser",
  "cli",
  "cluster",
  "costs",
  "delivery",
  "interop",
  "layers/nats",
  "layers/redis",
  "middleware/system",
  "mounts",
  "package",
  "scripts",
  "server-soak",
  "simulation",
  "start",
].map((room) => `tests/${room}/**/*.test.ts`);

/** The entrances of package.json, led to their sources: tests need no build. */
const entrances = Object.entries(packageJson.exports).flatMap(([entrance, target]) =>
  typeof target === "string"
    ? []
    : {
        find: new RegExp(`^sluice${entrance.slice(1)}$`),
        replacement: join(
          import.meta.dirname,
          target.default.replace("dist/", "src/").replace(/\.js$/, ".ts"),
        ),
      },
);

export default defineConfig({
  resolve: {
    alias: entrances,
  },
  test: {
    passWithNoTests: false,
    coverage: { include: ["src/**"] },
    // Tests that watch memory force a collection: they call `gc()`.
    execArgv: ["--expose-gc"],
    env: {
      CHROMIUM: findProgram("chromium") ?? "",
      REDIS_SERVER: findProgram("redis-server") ?? "",
      NATS_SERVER: findProgram("nats-server") ?? "",
      HAPROXY: findProgram("haproxy") ?? "",
      NGHTTPX: findProgram("nghttp2-proxy") ?? "",
    },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["tests/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...system],
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: system,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // One file at a time, after the others: these start programs of their own.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
