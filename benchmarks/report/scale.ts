/** An axis: where on the page a value is. */
export interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** From zero to a round number that is not below `max`. */
export function linearScale(max: number, start: number, end: number): Scale {
  const rough = max / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const top = Math.ceil(max / step) * step;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  return { ticks, at: (value) => start + ((end - start) * value) / top };
}

/** Around all values, from one of 1, 2, 5, 10, 20, … to another, whichever way it goes on the page. */
export function logScale(values: readonly number[], start: number, end: number): Scale {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const steps = stepsAround(low, high);
  const first = steps.findLast((step) => step <= low) as number;
  const last = steps.find((step) => step >= high && step > first) as number;
  const within = steps.filter((step) => step >= first && step <= last);
  const powers = within.filter((step) => Number.isInteger(Math.log10(step)));
  const position = (value: number): number => Math.log10(value / first) / Math.log10(last / first);
  return {
    ticks: powers.length < 4 ? within : powers,
    at: (value) => start + (end - start) * position(value),
  };
}

/** 1, 2 and 5 times each power of ten from below some value to above another. */
function stepsAround(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const powers = Math.ceil(Math.log10(high)) - first + 2;
  return Array.from({ length: powers }, (_, index) => first + index).flatMap((power) =>
    [1, 2, 5].map((factor) => Number(`${factor}e${power}`)),
  );
}

/** How a tick is labelled, in few characters: 0.1, 150, 20k, 10M. */
export function tickLabel(tick: number): string {
  if (tick >= 1e6) return `${tick / 1e6}M`;
  if (tick >= 1e4) return `${tick / 1e3}k`;
  // A sum of steps may be a little beside what it means.
  return String(Number(tick.toPrecision(6)));
}
