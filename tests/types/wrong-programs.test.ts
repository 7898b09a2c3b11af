import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const project = join(import.meta.dirname, "../..");

const imports = (source: string) => `
import type { Application, Middleware } from "${source}/application/application.ts";
import { route } from "${source}/application/route.ts";
import { router } from "${source}/application/router.ts";
import type { Scope } from "${source}/application/scope.ts";
import type { Servable } from "${source}/application/servable.ts";
import { stack } from "${source}/application/stack.ts";
import type { LayerMessage } from "${source}/layers/channel-layer.ts";

interface User { readonly name: string }
interface Session { readonly id: string }
declare const sessions: Middleware<Scope, { readonly session: Session }>;
declare const users: Middleware<Scope & { readonly session: Session }, { readonly user: User }>;
declare const profile: Application<Scope & { readonly user: User }>;
declare const deploy: Application<Scope & { readonly params: { readonly taskId: string } }>;
declare class Deploy {
  static toApplication(): Application<never>;
  readonly scope: Scope & { readonly params: { readonly taskId: string } };
}
declare function serve<S extends Scope>(options: { readonly websocket: Servable<S> }): void;
`;

const programs = {
  right: "serve({ websocket: stack(sessions, users, profile) });",
  parameter: 'route("/deploy/:id/", deploy);',
  consumer: 'route("/deploy/:id/", Deploy);',
  number: 'route("/:page/", (_: Scope & { readonly params: { readonly page: number } }) => ({}));',
  unrouted: "serve({ websocket: deploy });",
  order: "serve({ websocket: stack(users, sessions, profile) });",
  missing: "serve({ websocket: profile });",
  routed: 'serve({ websocket: router([route("/me/", profile)]) });',
  dotless: 'const message: LayerMessage = { type: "chat" };',
};

/** What the compiler says of each program. */
const said = new Map<string, string>();
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "wrong-programs-"));
  // A relative path, as a program of the house would write it.
  const source = relative(directory, join(project, "src"));
  for (const [name, program] of Object.entries(programs)) {
    await writeFile(join(directory, `${name}.ts`), `${imports(source)}\n${program}\n`);
  }
  await writeFile(join(directory, "package.json"), '{ "type": "module" }');
  await writeFile(
    join(directory, "tsconfig.json"),
    JSON.stringify({
      extends: join(project, "tsconfig.json"),
      compilerOptions: {
        typeRoots: [join(project, "node_modules/@types")],
        paths: {},
        // A program need not use everything that the imports above offer, nor be a library.
        noUnusedLocals: false,
        declaration: false,
        isolatedDeclarations: false,
      },
      include: ["*.ts"],
    }),
  );
  const compiler = join(project, "node_modules/typescript/bin/tsc");
  const args = [compiler, "-p", directory, "--pretty", "false"];
  const output = await promisify(execFile)(process.execPath, args, { cwd: directory }).then(
    ({ stdout }) => stdout,
    (error: { readonly stdout: string }) => error.stdout,
  );
  // One error is a line "name.ts(1,2): error TS…" and the indented lines below it.
  for (const error of output.split(/\n(?=\S)/)) {
    const name = /^(\w+)\.ts\(/.exec(error)?.[1] ?? "";
    said.set(name, `${said.get(name) ?? ""}${error}\n`);
  }
}, 60_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

describe("the compiler says", () => {
  test("nothing about a program that is right", () => {
    expect(said.get("right")).toBeUndefined();
  });

  test.each<[keyof typeof programs, string]>([
    [
      "parameter",
      'the application needs the parameter \\"taskId\\", which this path does not have',
    ],
    ["consumer", 'the application needs the parameter \\"taskId\\", which this path does not have'],
    ["number", "the parameters of a path are strings"],
    ["unrouted", "this application needs parameters (taskId): give it a route"],
    ["order", "this application needs scope.session: wrap it in a middleware that adds it"],
    ["missing", "this application needs scope.user: wrap it in a middleware that adds it"],
    ["routed", "this application needs scope.user: wrap it in a middleware that adds it"],
    ["dotless", "Type '\"chat\"' is not assignable to type '`${string}.${string}`'"],
  ])("of the wrong program %s: %s", (name, sentence) => {
    expect(said.get(name)).toContain(sentence);
    expect(said.get(name)?.match(/error TS/g)).toHaveLength(1);
  });
});
