import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Packages } from "../packages.ts";
import { pythonWith } from "../python.ts";
import { sessionCookie } from "../servers/session.ts";
import { isCommon, type Rival } from "./rival.ts";

const question = "import channels, daphne; print(channels.__version__, daphne.__version__)";

/** Django Channels on Daphne, by the system's Python: on Debian `daphne python3-django-channels`. */
export function djangoChannels(packages: Packages): Rival {
  let python: string | undefined;
  let version: string | undefined;
  return {
    name: "django",
    // Looking for it starts programs, and so is done when somebody asks.
    get version(): string | undefined {
      python ??= pythonWith("channels", "daphne") ?? "";
      if (python !== "") version ??= versionOf(python);
      return version;
    },
    takesPart: (test) => (isCommon(test) || test.app.kind === "json") && !test.app.compression,
    program: () => ({
      command: python ?? "python3",
      parameters: [join(packages.own, "servers/django_channels.py")],
      environment: { SESSION: sessionCookie },
      dialect: "websocket",
      tellsMemory: false,
    }),
  };
}

function versionOf(python: string): string {
  const { stdout } = spawnSync(python, ["-c", question], { encoding: "utf8" });
  const [channels, daphne] = stdout.trim().split(" ");
  return `Django Channels ${channels}, Daphne ${daphne}`;
}
