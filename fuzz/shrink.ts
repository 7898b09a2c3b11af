/** How often a failing input is tried again while it is shrunk. */
const maxTries = 3000;

/** A smaller input that still fails: shorter first, then with zeros instead of other octets. */
export function shrink(input: Uint8Array, fails: (input: Uint8Array) => boolean): Uint8Array {
  let smallest = input;
  let tries = 0;
  const attempt = (candidate: Uint8Array): boolean => {
    if (tries++ >= maxTries || !fails(candidate)) return false;
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
