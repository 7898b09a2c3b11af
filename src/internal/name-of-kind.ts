/** What kind of value it is, for a sentence. */
export function nameOfKind(value: unknown): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "undefined":
      return "undefined";
    case "function":
      return isClass(value) ? `the class ${value.name || "(anonymous)"}` : "a function";
    case "object": {
      const { name } = (value.constructor ?? Object) as { readonly name?: unknown };
      if (name === "Array") return "a list";
      if (name === "Object" || typeof name !== "string" || name === "") return "an object";
      return `an instance of ${name}`;
    }
    default:
      return `a ${typeof value}`;
  }
}

/** Whether it was written as a class, which cannot be called. */
export function isClass(value: unknown): value is { readonly name: string } {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}
