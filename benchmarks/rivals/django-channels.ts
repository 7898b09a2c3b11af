import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Packages } from "../packages.ts";
import { isCommon, type Rival } from "./rival.ts";

/** Says the versions of what it takes, or fails. */
const question = "import channels, daphne; print(channels.__version__, daphne.__version__)";

/** Django Channels on Daphne, by the system's Python: on Debian `daphne python3-django-channels`. */
export function djangoChannels(packages: Packages): Rival {
  let answer: string | undefined;
  return {
    name: "django",
    get version(): string | undefined {
      answer ??= spawnSync("python3", ["-c", question], { encoding: "utf8" }).stdout ?? "";
      const [channels, daphne] = answer.trim().split(" ");
      return daphne && `Django Channels ${channels}, Daphne ${daphne}`;
    },
    takesPart: (test) => isCommon(test) && !test.app.compression,
    program: () => ({
      command: "python3",
      parameters: [join(packages.own, "servers/django_channels.py")],
      environment: {},
      dialect: "websocket",
      tellsMemory: false,
    }),
  };
}
