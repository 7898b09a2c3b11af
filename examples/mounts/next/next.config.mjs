import { dirname } from "node:path";

/** There is a lockfile further up, too: Next is told which one is right. */
export default { turbopack: { root: dirname(import.meta.dirname) } };
