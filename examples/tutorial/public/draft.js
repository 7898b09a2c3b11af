/**
 * Keeps what is typed and not sent yet over a reload, in the storage of the tab. `place()` says where it
 * was typed; call `show` when that changes.
 */
export class Draft {
  #input;
  #place;

  constructor(input, place) {
    this.#input = input;
    this.#place = place;
    input.addEventListener("input", () => this.keep());
    this.show();
  }

  show() {
    this.#input.value = sessionStorage.getItem(this.#key) ?? "";
  }

  keep() {
    if (this.#input.value === "") sessionStorage.removeItem(this.#key);
    else sessionStorage.setItem(this.#key, this.#input.value);
  }

  get value() {
    return this.#input.value;
  }

  clear() {
    this.#input.value = "";
    this.keep();
  }

  get #key() {
    return `draft ${this.#place()}`;
  }
}
