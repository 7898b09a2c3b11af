/** What the program was asked is not possible: its message is for the person who typed it. */
export class WrongCommand extends Error {}
