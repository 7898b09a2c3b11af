/** What can happen to a handler: each kind of letter is a method of it. */
export const Letter = { open: 0, text: 1, bytes: 2, event: 3, gap: 4, disconnect: 5 } as const;

/** One of the kinds of letters. Those below `event` are of the peer. */
export type Letter = (typeof Letter)[keyof typeof Letter];
