/** How wide every chart is: a phone shows it a little smaller. */
export const width = 480;

/** Readable on light and on dark pages. */
const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; font-size: 15px; }
.small { font-size: 12px; fill: #57606a; }
.grid { stroke: #8c959f; stroke-opacity: 0.3; }
.ours { fill: #0969da; stroke: #0969da; }
.theirs { fill: #8c959f; stroke: #8c959f; }
.spread { stroke: #24292f; stroke-width: 1.5; }
.mark { stroke: #bc4c00; stroke-width: 2.5; }
.line { fill: none; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.small { fill: #9198a1; }
.spread { stroke: #e6edf3; }
.mark { stroke: #f0883e; }
.ours { fill: #1f6feb; stroke: #1f6feb; }
.theirs { fill: #8b949e; stroke: #8b949e; }
}
</style>`;

/** A whole picture. */
export function svg(height: number, parts: readonly string[]): string {
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">`;
  return `${head}\n${style}\n${parts.join("\n")}\n</svg>\n`;
}

/** What a text is set against: its beginning, its middle, or its end. */
export type Anchor = "start" | "middle" | "end";

/** A text on one line; `name` is its class. */
export function text(x: number, y: number, content: string, anchor: Anchor, name = ""): string {
  const kind = name === "" ? "" : ` class="${name}"`;
  return `<text${kind} x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

/** A line from one point to another. */
export function line(x1: number, y1: number, x2: number, y2: number, name: string): string {
  return `<line class="${name}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

/** About how wide a text is. */
export function widthOf(content: string): number {
  return content.length * 7.2;
}

/** As exact as one can see. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
