/** Makes a name that nobody else makes: 128 random bits in 22 characters. */
export function randomId() {
  // Not `crypto.randomUUID`, which a page has only over https and on localhost.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .slice(0, 22);
}
