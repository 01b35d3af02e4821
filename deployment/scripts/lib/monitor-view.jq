# A view of monitor_deployment.sh for people, and what is beyond its limit after an arrow. Input: a list of engines; $limits by name.

def cell($width): tostring | (" " * ([$width - length, 0] | max)) + .;
def whole: if . == null then "-" else (. + 0.5 | floor) end;
def active: map(select(.state == "active"));
def sum(f): map(f // 0) | add // 0;
(["state", "part", "msg/s", "trades/s", "lag", "s", "p99 ms", "errors", "mem %", "breaker"] | "\(.[0] + "        " | .[0:9]) \(.[1] | cell(4)) \(.[2] | cell(8)) \(.[3] | cell(9)) \(.[4] | cell(9)) \(.[5] | cell(5)) \(.[6] | cell(7)) \(.[7] | cell(6)) \(.[8] | cell(6)) \(.[9] | cell(9))  engine"),
(.[] | "\(.state + "         " | .[0:9]) \(.partitions // "-" | cell(4)) \(.rate | whole | cell(8)) \(.trades | whole | cell(9)) \(.lag | whole | cell(9)) \(.lag_seconds | whole | cell(5)) \(.p99 | whole | cell(7)) \(.errors | whole | cell(6)) \(.memory | whole | cell(6)) \(.breaker // "-" | cell(9))  \(.name)\(if .colour then " (\(.colour))" else "" end)"),
(active | "together  \(sum(.partitions) | cell(4)) \(sum(.rate) | whole | cell(8)) \(sum(.trades) | whole | cell(9)) \(sum(.lag) | whole | cell(9))"),
(active as $active | [
  (if length == 0 then "there is no engine" elif $active == [] then "no engine consumes" else empty end),
  (.[] | select(.state == "no answer") | "\(.name) does not answer"),
  (if $active != [] and all($active[]; .connected | not) then "no broker is connected" else empty end),
  ($active | sum(.lag) | select(. > $limits.lag) | "\(whole) messages behind, limit \($limits.lag)"),
  ($active | map(.lag_seconds // 0) | max // 0 | select(. > $limits["lag-seconds"]) | "\(whole) s behind, limit \($limits["lag-seconds"])"),
  ($active | (sum(.errors) * 100 / ([sum(.messages), 1] | max)) | select(. > $limits["errors-percent"]) | "\(whole) errors in a hundred messages, limit \($limits["errors-percent"])"),
  ($active[] | select((.p99 // 0) > $limits["p99-ms"]) | "\(.name): p99 \(.p99 | whole) ms, limit \($limits["p99-ms"])"),
  (.[] | select((.memory // 0) > $limits["memory-percent"]) | "\(.name): \(.memory | whole) % of its memory, limit \($limits["memory-percent"])"),
  (.[] | select(.breaker == "open") | "\(.name) has given up the database"),
  ($active | select(. != [] and sum(.lag) > 0 and sum(.rate) < $limits.rate) | "\(sum(.rate) | whole) messages/s with a backlog, limit \($limits.rate)")
] | .[] | "→ \(.)")
