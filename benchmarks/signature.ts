import { createHmac } from "node:crypto";

/** A value as express-session signs it in a cookie: followed by its HMAC. */
export function signed(value: string, secret: string): string {
  const code = createHmac("sha256", secret).update(value).digest("base64").replace(/=+$/, "");
  return encodeURIComponent(`${value}.${code}`);
}
