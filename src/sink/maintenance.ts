import type { Connections } from './connections.js';
import type { SinkLogger } from './observer.js';
import type { TradePartitions } from './partitions.js';
import type { BatchPart } from './sink.js';
import type { SinkConfig } from './sink-options.js';

export interface MaintenanceOptions {
  readonly connections: Connections;
  readonly partitions: TradePartitions;
  readonly config: SinkConfig;
  readonly logger: SinkLogger;
}

export class Maintenance {
  readonly #options: MaintenanceOptions;
  constructor(options: MaintenanceOptions) {
    this.#options = options;
  }
  start(): void {
    void this.#options;
  }
  landed(_parts: readonly BatchPart[]): void {}
  async stop(): Promise<void> {}
}
