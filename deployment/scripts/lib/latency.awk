# The 99th percentile, in ms, of what a histogram (`name`) gained between two files, as Prometheus' histogram_quantile reads it; nothing
# where it gained nothing. Series of one bucket are added up. Usage: awk -v name=… -f latency.awk BEFORE AFTER

index($1, name "_bucket{") == 1 {
  match($1, /le="[^"]*"/)
  bound = substr($1, RSTART + 4, RLENGTH - 5)
  count[bound] += FILENAME == ARGV[2] ? $NF : -$NF
}
END {
  total = count["+Inf"]
  if (total <= 0) exit
  for (bound in count) if (bound != "+Inf") bounds[++n] = bound + 0
  for (i = 2; i <= n; i++) for (j = i; j > 1 && bounds[j - 1] > bounds[j]; j--) {
    swap = bounds[j]; bounds[j] = bounds[j - 1]; bounds[j - 1] = swap
  }
  for (bound in count) if (bound != "+Inf") at[bound + 0] = count[bound]
  rank = 0.99 * total
  for (i = 1; i <= n; i++) {
    if (at[bounds[i]] >= rank) {
      from = i == 1 ? 0 : bounds[i - 1]
      below = i == 1 ? 0 : at[bounds[i - 1]]
      printf "%d\n", 1000 * (from + (bounds[i] - from) * (rank - below) / (at[bounds[i]] - below))
      exit
    }
  }
  printf "%d\n", 1000 * bounds[n]
}
