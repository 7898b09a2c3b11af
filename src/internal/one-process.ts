/**
 * Where a server says whether its layer reaches this process only, for the program `sluice`, which may
 * run it in several. The symbol is in the registry: the two may come from different copies of the package.
 */
export const oneProcess: unique symbol = Symbol.for("sluice.oneProcess");
