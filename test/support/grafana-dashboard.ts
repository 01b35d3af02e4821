interface DataSource {
  readonly type: string;
  readonly uid: string;
}

export interface GrafanaPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: DataSource;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly datasource: DataSource }[];
  readonly fieldConfig?: {
    readonly defaults: { readonly unit: string; readonly thresholds: { readonly steps: readonly unknown[] } };
  };
}

interface Dashboard {
  readonly panels: readonly GrafanaPanel[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
}

export interface GrafanaQuery {
  readonly title: string;
  readonly expr: string;
}

export function grafanaPanels(text: string): readonly GrafanaPanel[] {
  return (JSON.parse(text) as Dashboard).panels;
}

/** Every query of a dashboard, with what asks it. */
export function grafanaQueries(text: string): readonly GrafanaQuery[] {
  const { panels, annotations } = JSON.parse(text) as Dashboard;
  return [
    ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr }))),
    ...annotations.list.map(({ name, expr }) => ({ title: name, expr })),
  ];
}

/** A query as Grafana sends it with all namespaces and groups chosen. `interval` is a window for rates. */
export function filledIn(expr: string, interval = '1m'): string {
  return expr.replaceAll(/\$(?:namespace|group)\b/g, '.*').replaceAll('$__rate_interval', interval);
}
