import { createWriteStream, type WriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { EngineError } from '../errors.js';
import {
  CAPTURE_MAGIC,
  decodeBody,
  decodeRecordHead,
  encodeCaptureHead,
  encodeRecord,
  RECORD_HEAD_BYTES,
} from './capture-format.js';
import type { SourceMessage } from './source.js';

/** No Kafka message comes near this; a longer one means that the file is damaged. */
const RECORD_BYTES_MAX = 1_073_741_824;

/** Writes a capture file, message by message. */
export class CaptureWriter {
  readonly #stream: WriteStream;
  #failure: Error | null = null;

  constructor(path: string, topic: string) {
    this.#stream = createWriteStream(path, { flags: 'wx' });
    this.#stream.on('error', (error) => {
      this.#failure = error;
    });
    this.#stream.write(encodeCaptureHead(topic));
  }

  /** Resolves when the file takes more. */
  async write(messages: readonly SourceMessage[]): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    let free = true;
    for (const message of messages) free = this.#stream.write(encodeRecord(message));
    if (!free) {
      await new Promise<void>((resolve) => {
        this.#stream.once('drain', resolve).once('close', resolve);
      });
    }
  }

  async close(): Promise<void> {
    this.#stream.end();
    await finished(this.#stream);
  }
}

/** Reads a capture file front to back. */
export class CaptureReader {
  readonly path: string;
  readonly topic: string;
  readonly #file: FileHandle;
  readonly #start: number;
  #at: number;

  private constructor(path: string, topic: string, file: FileHandle, start: number) {
    this.path = path;
    this.topic = topic;
    this.#file = file;
    this.#start = start;
    this.#at = start;
  }

  static async open(path: string): Promise<CaptureReader> {
    const file = await open(path, 'r').catch((cause: unknown) => {
      throw new EngineError('CAPTURE_INVALID', `${path} cannot be read: ${(cause as Error).message}`, { cause });
    });
    const head = Buffer.alloc(CAPTURE_MAGIC.length + 2);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    if (bytesRead < head.length || !head.subarray(0, CAPTURE_MAGIC.length).equals(CAPTURE_MAGIC)) {
      await file.close();
      throw new EngineError('CAPTURE_INVALID', `${path} is not a capture file: \`record\` makes them`);
    }
    const topic = Buffer.alloc(head.readUInt16BE(CAPTURE_MAGIC.length));
    const named = await file.read(topic, 0, topic.length, head.length);
    if (named.bytesRead < topic.length) {
      await file.close();
      throw new EngineError('CAPTURE_INVALID', `${path} ends within its head: it holds no messages`);
    }
    return new CaptureReader(path, topic.toString(), file, head.length + topic.length);
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
    if (decoded.bodyBytes > RECORD_BYTES_MAX) throw this.#damaged();
    const body = Buffer.allocUnsafe(decoded.bodyBytes);
    if (!(await this.#fill(body, this.#at + RECORD_HEAD_BYTES))) return null;
    const message = decodeBody(decoded, body, this.topic);
    if (message === null) throw this.#damaged();
    this.#at += RECORD_HEAD_BYTES + decoded.bodyBytes;
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
