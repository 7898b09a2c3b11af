/** A browser as far as HTTP goes: it keeps the cookies that it is given. */
export class HttpClient {
  readonly #url: string;
  readonly #jar = new Map<string, string>();

  constructor(url: string) {
    this.#url = url;
  }

  /** What it sends as the header `Cookie`. */
  get cookie(): string {
    return [...this.#jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** Sends a form without fields. */
  async post(path: string): Promise<void> {
    await this.#fetch(path, "POST");
  }

  /** Asks for JSON. */
  async get(path: string): Promise<unknown> {
    return (await this.#fetch(path, "GET")).json();
  }

  async #fetch(path: string, method: string): Promise<Response> {
    const headers = { cookie: this.cookie };
    const response = await fetch(this.#url + path, { method, headers });
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}`);
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#jar.set(name, value);
    }
    return response;
  }
}
