/**
 * The name that was probably meant: the one that a slip of the fingers, or another way to join words,
 * leads to. Undefined if none is near.
 */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  const letters = bare(given);
  let nearest: string | undefined;
  let least = Math.min(2, Math.floor(letters.length / 3)) + 1;
  for (const name of known) {
    const distance = slips(letters, bare(name));
    if (distance >= least) continue;
    nearest = name;
    least = distance;
  }
  return nearest;
}

/** `max_payload-Size` is written like `maxPayloadSize`. */
function bare(name: string): string {
  return name.replace(/[\s_-]/g, "").toLowerCase();
}

/** How many letters are too many, missing, wrong or swapped with their neighbour. */
function slips(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      let cost = Math.min(above[column]! + 1, line[column - 1]! + 1, above[column - 1]! + same);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, before[column - 2]! + 1);
      }
      line.push(cost);
    }
    before = above;
    above = line;
  }
  return above[b.length]!;
}
