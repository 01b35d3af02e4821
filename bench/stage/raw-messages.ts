/** What crosses between the bench and the processes that measure the two limits. */

export interface RawDrainPlan {
  readonly kafka: Readonly<Record<string, unknown>>;
  readonly topic: string;
  readonly partitions: number;
  readonly rounds: number;
}

export interface RawCopyPlan {
  /** Database whose trades are read. */
  readonly from: string;
  /** Migrated and empty database to copy them to. */
  readonly to: string;
  readonly lanes: number;
  readonly batchRows: number;
  readonly rowsMax: number;
  readonly rounds: number;
}

/** One round: what it got through, and its own process' CPU time. */
export interface RawRun {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly bytes: number;
  readonly items: number;
}

/** `marks` are sent before the first round and after every one, so that the parent can read other processes' clocks. */
export type FromRaw = { readonly runs: readonly RawRun[] } | { readonly failed: string } | { readonly mark: number };
