/** What a new project is made of. */
export interface ProjectPlan {
  /** What package.json calls it. */
  readonly name: string;
  /** Versions, as package.json asks for them. */
  readonly versions: {
    readonly sluice: string;
    readonly typescript: string;
    readonly nodeTypes: string;
  };
  /** Whether Node.js runs TypeScript as it is; otherwise it is compiled first. */
  readonly stripsTypes: boolean;
}

/** Whether a version of Node.js runs TypeScript without being asked to: 22.18, 23.6 and newer. */
export function stripsTypes(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major === 22) return minor >= 18;
  return major === 23 ? minor >= 6 : major > 23;
}

/** What stands in `templates/chat/`, and is copied. */
export const copiedFiles: readonly string[] = ["chat.ts", "main.ts", "chat.test.ts"];

/** The files of a new project that are made for it, by their names. */
export function projectFiles(plan: ProjectPlan): ReadonlyMap<string, string> {
  return new Map([
    ["package.json", json(packageJson(plan))],
    ["tsconfig.json", json(tsconfig(plan.stripsTypes))],
    [".gitignore", "node_modules/\ndist/\n"],
  ]);
}

function packageJson({ name, versions, stripsTypes }: ProjectPlan): object {
  // Plain words that every shell takes, that of Windows too: no `exec`, no `&&`.
  const scripts = stripsTypes
    ? { start: "sluice serve main.ts", test: "node --test", types: "tsc" }
    : {
        prestart: "tsc",
        start: "sluice serve dist/main.js",
        pretest: "tsc",
        test: "node --test dist/chat.test.js",
      };
  return {
    name,
    private: true,
    type: "module",
    engines: { node: stripsTypes ? ">=22.18" : ">=20.19" },
    scripts,
    dependencies: { sluice: versions.sluice },
    devDependencies: { "@types/node": versions.nodeTypes, typescript: versions.typescript },
  };
}

function tsconfig(stripsTypes: boolean): object {
  return {
    compilerOptions: {
      target: "es2023",
      lib: ["es2023", "esnext.disposable"],
      module: "nodenext",
      types: ["node"],
      strict: true,
      noImplicitOverride: true,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
      skipLibCheck: true,
      ...(stripsTypes ? { noEmit: true } : { rootDir: ".", outDir: "dist" }),
    },
    include: ["*.ts"],
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
