/**
 * `npm run api`: writes the report of each entrance, `etc/*.api.md`, which has everything that is public.
 * Whoever changes something public changes a report, and sees so in the diff. With `--check` nothing is
 * written: what differs is told, and the exit code is 1. Another folder than `etc` may be named last.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureInstalled } from "./installed.mjs";
import { ensureSnapshot, root } from "./snapshot.mjs";

const tools = "tests/package/tools";
const check = process.argv.includes("--check");
const [folder = join(root, "etc")] = process.argv.slice(2).filter((word) => word !== "--check");

if (!ensureInstalled(tools)) throw new Error(`${tools} could not be installed`);
const require = createRequire(join(root, tools, "package.json"));
const { Extractor, ExtractorConfig, ExtractorLogLevel } = require("@microsoft/api-extractor");

const snapshot = await ensureSnapshot();
const packageJson = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const scratch = mkdtempSync(join(tmpdir(), "sluice-api-"));
let differ = 0;
try {
  for (const [entrance, target] of Object.entries(packageJson.exports)) {
    if (typeof target === "string") continue;
    if (!report(`sluice${entrance.slice(1)}`.replaceAll("/", "-"), target.types)) differ++;
  }
} finally {
  rmSync(scratch, { recursive: true });
}
if (differ > 0 && check) {
  console.error(`${differ} reports differ: is the change meant? then npm run api, and commit etc/`);
  process.exitCode = 1;
}

/** Whether the report is what it was. */
function report(name, types) {
  mkdirSync(folder, { recursive: true });
  const none = { logLevel: "none" };
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: join(snapshot, "package.json"),
    packageJson,
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: snapshot,
      mainEntryPointFilePath: join(snapshot, types),
      newlineKind: "lf",
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: "es2023",
            lib: ["es2023", "esnext.disposable"],
            module: "nodenext",
            moduleResolution: "nodenext",
            types: ["node"],
            strict: true,
            skipLibCheck: true,
          },
          files: [join(snapshot, types)],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: folder,
        reportTempFolder: scratch,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: "error" } },
        extractorMessageReporting: {
          default: { logLevel: "warning" },
          "ae-missing-release-tag": none,
          "ae-forgotten-export": none,
          "ae-unresolved-link": none,
        },
        // Documentation is for people; its links are not of this tool's kind.
        tsdocMessageReporting: { default: none },
      },
    },
  });
  const before = existsSync(join(folder, `${name}.api.md`));
  const { apiReportChanged, errorCount } = Extractor.invoke(config, {
    localBuild: !check,
    showVerboseMessages: false,
    messageCallback(message) {
      // Its version, and what it does with files, is told below.
      if (message.logLevel === ExtractorLogLevel.Error) console.error(`${name}: ${message.text}`);
      message.handled = true;
    },
  });
  if (errorCount > 0) throw new Error(`${name}: the declarations could not be read`);
  if (apiReportChanged) console.log(`${name}: ${check && before ? "differs" : "written"}`);
  return !apiReportChanged;
}
