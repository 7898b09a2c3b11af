/**
 * A Buffer over memory that is there already, as `buffer.subarray` makes one, in a third of the time:
 * that has to look up the memory, which is a call into the runtime, and the class that Node keeps to
 * itself. This class is another one with the same methods.
 */
export class BufferView extends Uint8Array {
  constructor(memory: ArrayBufferLike, start: number, length: number) {
    // The compiler knows this call for one kind of memory at a time.
    super(memory as ArrayBuffer, start, length);
  }
}

Object.setPrototypeOf(BufferView.prototype, Buffer.prototype);
// What is made of a view, by `map` for example, is a Buffer: the constructor is inherited, too.
Reflect.deleteProperty(BufferView.prototype, "constructor");
