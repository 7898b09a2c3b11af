import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { extension, loadParts, type Parts, sources } from "./parts.ts";

/** A change of one place in a file of `src`. */
export interface Mutation {
  /** The file in `src/layers`, without its extension. */
  readonly file: string;
  /** The lines to be changed, as they are; there must be one such place. Types do not matter. */
  readonly lines: string;
  readonly instead: string;
}

/**
 * Loads a copy of the layers with a bug in it, as far as a world of this kind needs them.
 * @throws Error if the lines are not there, or more than once: the sources have changed, and so must
 * the mutation.
 */
export async function loadMutant(
  { file, lines, instead }: Mutation,
  world?: string,
): Promise<Parts> {
  const copy = mkdtempSync(join(tmpdir(), "sluice-mutant-"));
  try {
    for (const part of ["layers", "internal", `errors${extension}`]) {
      cpSync(fileURLToPath(new URL(part, sources)), join(copy, part), { recursive: true });
    }
    writeFileSync(join(copy, "package.json"), '{ "type": "module" }');
    const path = join(copy, "layers", file + extension);
    writeFileSync(path, mutate(readFileSync(path, "utf8"), file, lines, instead));
    return await loadParts(pathToFileURL(`${copy}/`), world);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function mutate(source: string, file: string, lines: string, instead: string): string {
  // A compiler breaks lines elsewhere.
  const pattern = lines
    .trim()
    .split(/\s+/)
    .map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("\\s+");
  const places = [...source.matchAll(new RegExp(pattern, "g"))];
  const [place] = places;
  if (place === undefined || places.length > 1) {
    throw new Error(`${file} has ${places.length} places that read: ${lines}`);
  }
  return source.slice(0, place.index) + instead + source.slice(place.index + place[0].length);
}
