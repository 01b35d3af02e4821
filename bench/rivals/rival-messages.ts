/** What crosses between the bench and a rival's process. */

export const RIVAL_PATHS = ['kafkajs', 'node-rdkafka'] as const;
export type RivalPath = (typeof RIVAL_PATHS)[number];

export interface RivalPlan {
  readonly path: RivalPath;
  readonly brokers: string;
  /** librdkafka properties that reach the broker. */
  readonly kafka: Readonly<Record<string, unknown>>;
  readonly topic: string;
  /** Where it is to begin: first and one after the last offset of each partition. */
  readonly ranges: readonly { readonly partition: number; readonly from: number; readonly to: number }[];
  /** Of another seed, decoded before the clock starts. */
  readonly warmupMessages: number;
  readonly databaseUrl: string;
  readonly table: string;
}

export type FromRival =
  /** From the first message at hand until the last row was committed. */
  | { readonly kind: 'done'; readonly seconds: number; readonly cpuSeconds: number; readonly messages: number }
  | { readonly kind: 'absent'; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string };
