/** How far apart the middles of two labels are, at least. */
const distance = 17;

/**
 * Where labels go that would like to be at some heights: as near as they can without covering one another,
 * in the same order, and between two bounds as long as there is room for all.
 */
export function placed(wanted: readonly number[], top: number, bottom: number): number[] {
  const order = wanted.map((_, index) => index);
  order.sort((a, b) => (wanted[a] as number) - (wanted[b] as number));
  const places = [...wanted];
  let next = top;
  for (const index of order) {
    places[index] = Math.max(wanted[index] as number, next);
    next = (places[index] as number) + distance;
  }
  let last = bottom;
  for (const index of order.toReversed()) {
    places[index] = Math.min(places[index] as number, last);
    last = (places[index] as number) - distance;
  }
  return places;
}
