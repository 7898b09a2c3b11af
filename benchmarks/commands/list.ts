import type { Rival } from "../rivals/rival.ts";
import { rows } from "../rows.ts";
import { say } from "../say.ts";
import { table } from "../table.ts";

/** `--list`: the rows with what each asks for, and the rivals. */
export function list(rivals: readonly Rival[]): void {
  say(
    table(
      ["row", "what", "asked"],
      rows.map(({ name, title, gates, ws }) => [
        name,
        title,
        gates
          .map(({ figure, against, atLeast, atMost }) => {
            const opponent = against === "ws" ? ws : against;
            if (atLeast !== undefined) return `≥ ${atLeast} × ${opponent}`;
            return `${figure} ≤ ${atMost} × ${opponent}`;
          })
          .join(", "),
      ]),
      3,
    ),
  );
  say("");
  say(
    table(
      ["rival", "is"],
      rivals.map(({ name, version }) => [name, version ?? "not installed"]),
      2,
    ),
  );
}
