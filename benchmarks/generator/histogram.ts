/** Steps for each power of two: a value is kept to 3 %. */
const steps = 32;

/** Eighths of a microsecond: below that nothing is told apart. */
const unit = 8;

/** Times, counted in buckets that grow with them. */
export class Histogram {
  readonly #buckets = new Float64Array(steps * 28);
  #count = 0;

  /** Counts a time, in milliseconds. */
  add(milliseconds: number): void {
    const value = Math.min(milliseconds * (1_000 * unit), 0x7fffffff) | 0;
    const power = value < steps ? 0 : 26 - Math.clz32(value);
    const bucket = power * steps + (value >> power);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count += 1;
  }

  /** Forgets everything. */
  clear(): void {
    this.#buckets.fill(0);
    this.#count = 0;
  }

  /** The time that a share of all (0 to 1) does not exceed, in microseconds; 0 without any. */
  quantile(share: number): number {
    let left = Math.ceil(this.#count * share);
    if (left === 0) return 0;
    for (const [bucket, count] of this.#buckets.entries()) {
      left -= count;
      if (left <= 0) return middle(bucket) / unit;
    }
    return Number.POSITIVE_INFINITY;
  }
}

/** The middle of a bucket. */
function middle(bucket: number): number {
  if (bucket < 2 * steps) return bucket;
  const power = Math.floor(bucket / steps) - 1;
  return ((bucket % steps) + steps + 0.5) * 2 ** power;
}
