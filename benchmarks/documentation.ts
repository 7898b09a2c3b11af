/**
 * A page with its marked regions filled: what is between `<!-- bench:NAME -->` and `<!-- bench:end -->`.
 * @throws Error for a region that the page does not have.
 */
export function filled(page: string, contents: Readonly<Record<string, string>>): string {
  return Object.entries(contents).reduce((text, [name, content]) => {
    const start = `<!-- bench:${name} -->`;
    const from = text.indexOf(start);
    const to = text.indexOf("<!-- bench:end -->", from);
    if (from < 0 || to < 0) throw new Error(`the page has no region ${name}`);
    return `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(to)}`;
  }, page);
}
