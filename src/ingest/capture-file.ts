import { createWriteStream, type WriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { EngineError, messageOf } from '../errors.js';
import {
  CAPTURE_MAGIC,
  CHECKSUM_BYTES,
  decodeBody,
  decodeRecordHead,
  decodeTopic,
  encodeCaptureHead,
  encodeRecord,
  RECORD_HEAD_BYTES,
} from './capture-format.js';
import type { SourceMessage } from './source.js';

/** Writes a capture file, message by message. */
export class CaptureWriter {
  readonly #stream: WriteStream;
  #failure: Error | null = null;

  constructor(path: string, topic: string) {
    this.#stream = createWriteStream(path, { flags: 'wx' });
    this.#stream.on('error', (cause) => {
      this.#failure = unwritable(path, cause);
    });
    this.#stream.write(encodeCaptureHead(topic));
  }

  /** Resolves when the file takes more. */
  async write(messages: readonly SourceMessage[]): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    let free = true;
    for (const message of messages) free = this.#stream.write(encodeRecord(message));
    if (!free) await this.#freed();
    if (this.#failure !== null) throw this.#failure;
  }

  /** Resolves when the stream takes more, or never will. */
  #freed(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#stream.off('drain', done).off('close', done);
        resolve();
      };
      this.#stream.on('drain', done).on('close', done);
    });
  }

  async close(): Promise<void> {
    this.#stream.end();
    await finished(this.#stream).catch((error: unknown) => {
      throw this.#failure ?? error;
    });
  }
}

/** Reads a capture file front to back. */
export class CaptureReader {
  readonly path: string;
  readonly topic: string;
  readonly #file: FileHandle;
  readonly #start: number;
  #at: number;
  /** When it was last looked at: a recorder may be writing. */
  #size = 0;

  private constructor(path: string, topic: string, file: FileHandle, start: number) {
    this.path = path;
    this.topic = topic;
    this.#file = file;
    this.#start = start;
    this.#at = start;
  }

  static async open(path: string): Promise<CaptureReader> {
    const file = await open(path, 'r').catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
    try {
      const start = Buffer.alloc(CAPTURE_MAGIC.length + 2);
      const { bytesRead } = await file.read(start, 0, start.length, 0);
      if (bytesRead < start.length || !start.subarray(0, CAPTURE_MAGIC.length).equals(CAPTURE_MAGIC))
        throw new EngineError(
          'CAPTURE_INVALID',
          `${path} is not a capture file of this release: \`record\` makes them`,
        );
      const head = Buffer.alloc(start.length + start.readUInt16BE(CAPTURE_MAGIC.length) + CHECKSUM_BYTES);
      const named = await file.read(head, 0, head.length, 0);
      if (named.bytesRead < head.length)
        throw new EngineError('CAPTURE_INVALID', `${path} ends within its head: it holds no messages`);
      const topic = decodeTopic(head);
      if (topic === null)
        throw new EngineError('CAPTURE_INVALID', `${path} is damaged in its head: its checksum does not fit`);
      return new CaptureReader(path, topic, file, head.length);
    } catch (error) {
      await file.close();
      throw error instanceof EngineError ? error : unreadable(path, error);
    }
  }

  rewind(): void {
    this.#at = this.#start;
  }

  /**
   * The next message, or null at the end. A last record that was not written to its end, as a killed recorder leaves it,
   * is the end; damage before it throws CAPTURE_INVALID.
   */
  async next(): Promise<SourceMessage | null> {
    const head = Buffer.allocUnsafe(RECORD_HEAD_BYTES);
    if (!(await this.#fill(head, this.#at))) return null;
    const decoded = decodeRecordHead(head);
    if (decoded === null) throw this.#damaged();
    // Looked at before the bytes are asked for: what a head says is no reason to take so much memory.
    const end = this.#at + RECORD_HEAD_BYTES + decoded.bodyBytes;
    if (this.#size < end) this.#size = (await this.#file.stat()).size;
    if (this.#size < end) return null;
    const body = Buffer.allocUnsafe(decoded.bodyBytes);
    if (!(await this.#fill(body, this.#at + RECORD_HEAD_BYTES))) return null;
    const message = decodeBody(decoded, body, this.topic);
    if (message === null) throw this.#damaged();
    this.#at = end;
    return message;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #fill(target: Buffer, position: number): Promise<boolean> {
    let filled = 0;
    while (filled < target.length) {
      const { bytesRead } = await this.#file.read(target, filled, target.length - filled, position + filled);
      if (bytesRead === 0) return false;
      filled += bytesRead;
    }
    return true;
  }

  #damaged(): EngineError {
    return new EngineError('CAPTURE_INVALID', `${this.path} is damaged at byte ${this.#at}: its checksum does not fit`);
  }
}

function unwritable(path: string, cause: Error): EngineError {
  const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
  const what = exists
    ? 'is there already, and nothing is written over: name another file'
    : `cannot be written: ${cause.message}`;
  return new EngineError('CAPTURE_INVALID', `${path} ${what}`, { cause });
}

function unreadable(path: string, cause: unknown): EngineError {
  return new EngineError('CAPTURE_INVALID', `${path} cannot be read: ${messageOf(cause)}`, { cause });
}
