/**
 * A smaller input that is still as interesting: shorter first, then with zeros instead of other
 * octets. It asks at most `maxTries` times whether one is.
 */
export function shrink(
  input: Uint8Array,
  maxTries: number,
  isInteresting: (input: Uint8Array) => boolean,
): Uint8Array {
  let smallest = input;
  let tries = 0;
  const attempt = (candidate: Uint8Array): boolean => {
    if (tries++ >= maxTries || !isInteresting(candidate)) return false;
    smallest = candidate;
    return true;
  };
  for (let size = input.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < smallest.length; ) {
      const without = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)]);
      if (!attempt(without)) at += size;
    }
  }
  for (let at = 0; at < smallest.length; at++) {
    if (smallest[at] === 0) continue;
    const candidate = Uint8Array.from(smallest);
    candidate[at] = 0;
    attempt(candidate);
  }
  return smallest;
}
