import { readFileSync } from "node:fs";

/** The folder of the package that this program is part of. */
export const home: URL = new URL("../../", import.meta.url);

/** What is said of the package, and of the tools that it is tested with. */
export interface OwnPackage {
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** Reads the package.json of this very package. */
export function ownPackage(): OwnPackage {
  return JSON.parse(readFileSync(new URL("package.json", home), "utf8")) as OwnPackage;
}
