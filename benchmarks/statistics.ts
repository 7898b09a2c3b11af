/** A figure over all rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The median, and how far it went to both sides. @throws RangeError without any value. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const min = sorted[0];
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) throw new RangeError("there are no values");
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] as number;
  const lower = sorted.length % 2 === 0 ? (sorted[half - 1] as number) : upper;
  return { median: (lower + upper) / 2, min, max };
}

/** `above / below`, round by round: what both had to bear in a round is not in it. */
export function ratios(above: readonly number[], below: readonly number[]): Spread {
  if (above.length !== below.length) throw new RangeError("there are not as many of both");
  return spread(above.map((value, round) => value / (below[round] as number)));
}

/** A point of a curve. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * The exponent k of the curve y = c · x^k that fits best (least squares of the logarithms): 1 is a cost
 * that grows as x does. @throws RangeError for fewer than two different x, or what has no logarithm.
 */
export function exponent(points: readonly Point[]): number {
  const logarithms = points.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) }));
  const x = mean(logarithms.map((point) => point.x));
  const y = mean(logarithms.map((point) => point.y));
  let above = 0;
  let below = 0;
  for (const point of logarithms) {
    above += (point.x - x) * (point.y - y);
    below += (point.x - x) ** 2;
  }
  const slope = above / below;
  if (!Number.isFinite(slope)) throw new RangeError("no curve goes through these points");
  return slope;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The same values in another order, by the numbers from 0 to below 1 that it is given. */
export function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const order = [...values];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}
