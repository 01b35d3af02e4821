export interface Goal {
  readonly is: 'at least' | 'at most';
  readonly value: number;
  /** What the goal is about, for the table of goals. */
  readonly says: string;
}

const atLeast = (value: number, says: string): Goal => ({ is: 'at least', value, says });
const atMost = (value: number, says: string): Goal => ({ is: 'at most', value, says });

/** Goals by the figure they are held against: ratios within one run, on two cores that broker and PostgreSQL share. */
export const GOALS: Readonly<Record<string, Goal>> = {
  'micro.decode.times_full_decode': atLeast(
    8,
    'decode + extract + encode against protobufjs’ full decode alone, per core',
  ),
  'micro.decode.times_tutorial': atLeast(60, '… against the vendor’s tutorial path'),
  'throughput.best.times_real_time': atLeast(
    100,
    'end to end, broker and PostgreSQL on the same cores, times real time',
  ),
  'throughput.cpu_ratio': atMost(1.5, 'CPU of engine and PostgreSQL against raw drain + raw COPY of the same rows'),
  'throughput.cpu_ratio_clients': atMost(1.5, '… of the engine alone against the clients of raw drain + raw COPY'),
  'latency.1x.p99': atMost(100, 'append to visible row, p99, at real time'),
  'latency.5x.p99': atMost(150, '… at 5 times real time'),
  'latency.1x.cpu': atMost(0.25, 'CPU of the engine at real time, in cores'),
  'latency.1x.rss': atMost(350, 'memory of the engine at real time (RSS)'),
  'memory.budget_peak': atMost(1, 'bytes in flight while the database stands still, as a share of the budget'),
  'memory.stall_growth': atMost(0.05, 'growth of RSS in the second half of the stall'),
  'scale.backlog.x100_cost': atMost(1.1, 'cost per trade at 100 times the backlog, against that at once'),
};

export function meets(goal: Goal, value: number): boolean {
  return goal.is === 'at least' ? value >= goal.value : value <= goal.value;
}

export function goalText(goal: Goal): string {
  return `${goal.is === 'at least' ? '≥' : '≤'} ${goal.value}`;
}
