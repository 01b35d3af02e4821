import { Dashboard } from '../../../src/observe/dashboard/dashboard.js';
import { type HttpServers, httpTransport, startHttp } from '../../../src/observe/http.js';
import { createMetrics, type Metrics } from '../../../src/observe/metrics.js';
import type { EngineStatus } from '../../../src/observe/status.js';
import { engineStatus } from '../fixtures.js';

export const OWNER = 'host-1-abcdef';

export interface DashboardStage {
  readonly base: string;
  readonly port: number;
  readonly metrics: Metrics;
  readonly dashboard: Dashboard;
  readonly errors: string[];
  /** What the engine says of itself from now on. */
  status(changes: Partial<EngineStatus>): void;
  close(): Promise<void>;
}

export interface StageOptions {
  readonly databaseUrl?: string;
  readonly token?: string;
  readonly port?: number;
  readonly metrics?: Metrics;
}

/** The dashboard on the real HTTP server, of an engine whose status is told to it. */
export async function dashboardStage(options: StageOptions = {}): Promise<DashboardStage> {
  const { databaseUrl = 'postgres://nobody@127.0.0.1:1/nothing', token, port = 0 } = options;
  const metrics = options.metrics ?? createMetrics({ version: '1.2.3', httpTransport });
  const errors: string[] = [];
  const onError = (error: Error): void => void errors.push(error.message);
  let changes: Partial<EngineStatus> = {};
  const startedAt = Date.now() - 60_000;
  const status = (): EngineStatus => engineStatus({ startedAt, lastPollAt: Date.now(), ...changes });
  const dashboard = new Dashboard({
    identity: { version: '1.2.3', httpTransport, colour: 'green', ownerId: OWNER },
    status,
    metrics,
    databaseUrl,
    token,
    onError,
  });
  let http: HttpServers;
  try {
    http = await startHttp({
      bindAddress: '127.0.0.1',
      healthCheckPort: port,
      prometheusPort: 0,
      version: '1.2.3',
      status,
      metrics,
      routes: dashboard.routes,
      onError,
    });
  } catch (error) {
    dashboard.close();
    throw error;
  }
  return {
    base: `http://127.0.0.1:${http.ports.health}/`,
    port: http.ports.health,
    metrics,
    dashboard,
    errors,
    status: (next) => {
      changes = next;
    },
    close: async () => {
      dashboard.close();
      await http.close();
    },
  };
}
