import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Packages } from "../packages.ts";
import { sessionCookie } from "../servers/session.ts";
import { isCommon, type Rival, type Test } from "./rival.ts";

/** Those that may have it: the system's own is not always the first one. */
const pythons = ["python3", "/usr/bin/python3"];

/** Says the versions of what it takes, or fails. */
const question = "import channels, daphne; print(channels.__version__, daphne.__version__)";

/** Django Channels on Daphne, by the system's Python: on Debian `daphne python3-django-channels`. */
export function djangoChannels(packages: Packages): Rival {
  let found: Python | undefined;
  return {
    name: "django",
    get version(): string | undefined {
      found ??= findPython();
      return found.version;
    },
    takesPart: (test) => (isCommon(test) || isJson(test)) && !test.app.compression,
    program: () => ({
      command: (found ??= findPython()).command,
      parameters: [join(packages.own, "servers/django_channels.py")],
      environment: { SESSION: sessionCookie },
      dialect: "websocket",
      tellsMemory: false,
    }),
  };
}

function isJson({ app }: Test): boolean {
  return app.kind === "json";
}

/** A Python, with the versions of what is served by it; undefined where something is missing. */
interface Python {
  readonly command: string;
  readonly version: string | undefined;
}

/** Starts programs, and so is done when somebody asks. */
function findPython(): Python {
  for (const command of pythons) {
    const { stdout } = spawnSync(command, ["-c", question], { encoding: "utf8" });
    const [channels, daphne] = (stdout ?? "").trim().split(" ");
    if (daphne) return { command, version: `Django Channels ${channels}, Daphne ${daphne}` };
  }
  return { command: "python3", version: undefined };
}
