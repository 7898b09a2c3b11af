/** How long anything may take that a peer could stall, in milliseconds. */
export const deadline = 2_000;

/** How long the slow application is busy with one message, in milliseconds. */
export const slowness = 200;
