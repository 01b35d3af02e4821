import type { Config } from '../../config.js';
import { EngineError } from '../../errors.js';
import type { DecodedLetter } from '../../sink/letter-replay.js';
import type { WholeLetter } from '../../sink/letter-store.js';
import { DecodePool } from '../../workers/decode-pool.js';
import {
  type SlabResult,
  type SolVolume,
  TASK_COLUMN,
  TASK_STRIDE,
  TRANSACTION_COLUMN,
  TRANSACTION_STRIDE,
} from '../../workers/messages.js';

/** What is known of the SOL reference price at a slot. */
export type SolVolumeAt = (slot: number) => Promise<SolVolume>;

const NO_VOLUME: SolVolume = { sol: 0, usd: 0, trades: 0 };

/** Decodes messages one by one in a thread of their own: one that kills or stops its thread is only told of. */
export class LetterDecoder {
  readonly #config: Config;
  #pool: Promise<DecodePool> | null = null;

  constructor(config: Config) {
    this.#config = config;
  }

  /** A message's trades are worth what the SOL of their time was: so it is decoded again once its slot is known. */
  async decode(letter: WholeLetter, solVolumeAt: SolVolumeAt): Promise<DecodedLetter> {
    try {
      const first = await this.#run(letter, NO_VOLUME);
      const slot = first.transactions[TRANSACTION_COLUMN.slot];
      const volume = slot === undefined ? NO_VOLUME : await solVolumeAt(slot);
      return decodedOf(volume.trades === 0 ? first : await this.#run(letter, volume));
    } catch (error) {
      if (!(error instanceof EngineError) || !error.canRetry || !error.code.startsWith('WORKER_')) throw error;
      return { ...NOTHING, fault: { errorClass: error.code.toLowerCase(), errorText: error.message } };
    }
  }

  async close(): Promise<void> {
    await (await this.#pool)?.close();
  }

  async #run(letter: WholeLetter, solVolume: SolVolume): Promise<SlabResult> {
    this.#pool ??= DecodePool.start({
      threads: 1,
      taskTimeoutMs: this.#config.workerTaskTimeoutMs,
      messageMaxBytes: this.#config.kafkaMessageMaxBytes,
    });
    const { topic, partition, offset, timestampMs, payload, key } = letter;
    const index = new Float64Array(TASK_STRIDE);
    index[TASK_COLUMN.offset] = offset;
    index[TASK_COLUMN.timestampMs] = timestampMs ?? -1;
    index[TASK_COLUMN.buffer] = 1;
    index[TASK_COLUMN.length] = payload.length;
    index[TASK_COLUMN.keyLength] = key?.length ?? -1;
    const task = {
      topic,
      partition,
      messages: 1,
      index,
      packed: Uint8Array.from(key ?? []),
      large: [Uint8Array.from(payload)],
      run: 0,
      solVolume,
    };
    return (await this.#pool).run(task);
  }
}

const NOTHING: DecodedLetter = { trades: new Uint8Array(0), rows: 0, slots: [], fault: null };

function decodedOf({ trades, transactions, slots, failures }: SlabResult): DecodedLetter {
  let rows = 0;
  for (let at = 0; at < transactions.length; at += TRANSACTION_STRIDE) {
    rows += transactions[at + TRANSACTION_COLUMN.rows] ?? 0;
  }
  const [failure] = failures;
  const fault = failure === undefined ? null : { errorClass: failure.errorClass, errorText: failure.errorText };
  return { trades, rows, slots, fault };
}
