/** Milliseconds of the fastest of some runs: the others measure the machine. */
export function fastest(work: () => void, runs = 8): number {
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.min(...times);
}
