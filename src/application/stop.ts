/**
 * What `stop` of a consumer throws, to leave the method that runs from however deep in it. It is not
 * a fault, and nobody is told of it.
 */
export class Stop extends Error {
  override readonly name: string = "Stop";

  constructor() {
    super("the consumer was stopped: let this pass");
  }
}
