import { join } from "node:path";
import process from "node:process";
import type { App } from "../app.ts";
import type { Dialect, Load } from "../load.ts";

/** A program that serves an application. It gets the application as JSON, as its last parameter. */
export interface Program {
  readonly command: string;
  readonly parameters: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly dialect: Dialect;
  /** Whether it tells of its memory, as `servers/announce.ts` does. */
  readonly tellsMemory: boolean;
}

/** What a rival has to do. */
export interface Test {
  readonly app: App;
  readonly load: Load;
}

/** Somebody to compare with: one file of this folder. */
export interface Rival {
  readonly name: string;
  /** What it is, with its version; undefined when it is not installed. */
  readonly version: string | undefined;
  /** Whether it can do that. */
  takesPart(test: Test): boolean;
  /** The program that does. */
  program(): Program;
}

/** A program of `servers/`, run by this Node.js, or by another one. */
export function nodeProgram(name: string, change: Partial<Program> = {}): Program {
  return {
    command: process.execPath,
    parameters: ["--expose-gc", serverFile(name)],
    environment: {},
    dialect: "websocket",
    tellsMemory: true,
    ...change,
  };
}

/** Whether a test is one of the two that everybody can do. */
export function isCommon({ app, load }: Test): boolean {
  return (app.kind === "echo" || app.kind === "broadcast") && load.deflate !== "no context";
}

/** The compiled file of a program of `servers/`. */
export function serverFile(name: string): string {
  return join(import.meta.dirname, "../servers", `${name}.js`);
}
