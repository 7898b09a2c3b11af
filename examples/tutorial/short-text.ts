/** Whether what a page sent is a text with something in it, and of at most so many characters. */
export function isShortText(value: unknown, longest: number): value is string {
  return typeof value === "string" && value.trim() !== "" && value.length <= longest;
}
