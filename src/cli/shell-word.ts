/**
 * A text as a shell takes it for one word: as it is, or else in quotes, which are double on Windows and
 * single elsewhere.
 */
export function shellWord(text: string, platform: NodeJS.Platform): string {
  if (/^[\p{L}\p{N}_@%+=:,./\\-]+$/u.test(text)) {
    if (platform === "win32" || !text.includes("\\")) return text;
  }
  // No name of a file has a double quote there.
  if (platform === "win32") return `"${text}"`;
  return `'${text.replaceAll("'", "'\\''")}'`;
}
