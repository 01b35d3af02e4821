import protobuf from 'protobufjs/light.js';

/** Longest varint a legal message holds. */
const VARINT_MAX_BYTES = 10;

/**
 * protobufjs' reader, which accepts tags and lengths of at most five bytes and skips varints of any length. A padded
 * varint is legal up to ten bytes wherever it stands, and beyond that nowhere.
 */
export class WireReader extends protobuf.Reader {
  override tag(): number {
    const first = this.buf[this.pos]!;
    if (this.pos < this.len && first < 0x80) {
      this.pos += 1;
      return first;
    }
    return this.#varint32('tag');
  }

  override size(): number {
    const first = this.buf[this.pos]!;
    if (this.pos < this.len && first < 0x80) {
      this.pos += 1;
      return first;
    }
    return this.#varint32('length');
  }

  /** Skips `length` bytes, or one varint. */
  override skip(length?: number): this {
    if (length !== undefined) {
      if (length > this.len - this.pos)
        throw new RangeError(`index out of range: ${this.pos} + ${length} > ${this.len}`);
      this.pos += length;
      return this;
    }
    for (let i = 0; i < VARINT_MAX_BYTES; i++) {
      if (this.#byte() < 0x80) return this;
    }
    throw new Error(`invalid varint encoding at offset ${this.pos}`);
  }

  #varint32(what: string): number {
    let value = 0;
    for (let i = 0; i < VARINT_MAX_BYTES; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) {
        if (value > 0xffff_ffff) throw new Error(`invalid ${what} encoding at offset ${this.pos}`);
        return value;
      }
    }
    throw new Error(`invalid ${what} encoding at offset ${this.pos}`);
  }

  #byte(): number {
    if (this.pos >= this.len) throw new RangeError(`index out of range: ${this.pos} + 1 > ${this.len}`);
    return this.buf[this.pos++]!;
  }
}
