# What there is to say against the incoming colour: {broken: [what cannot become right again], open: [what may still]}.
#   $snapshot  status before the hand-over, and .instances, the names of those that were to take over; $first look of the window,
#              $before the last one, $now
#   looks: status and .health (a list), .errors, .messages, .resets (since the snapshot), .lag_seconds
#   $lag_seconds, $errors_percent: limits. Each file is given as a list of one.

# A share of few messages means nothing while more may come.
def errors_from: 1000;
$snapshot[0] as $snapshot | $first[0] as $first | $before[0] as $before | $now[0] as $now |
($first.health | map({key: .instance, value: .started_at}) | from_entries) as $started |

def by_partition: map({key: (.partition | tostring), value: .}) | from_entries;

def unclaimed:
  ($snapshot.partitions | by_partition) as $earlier
  | [$now.partitions[] | select((.stored.epoch // 0) <= ($earlier[.partition | tostring].stored.epoch // 0)) | .partition];

# Something was there to read a look ago, and nothing has landed since the window began.
def standing:
  ($first.partitions | by_partition) as $begun
  | ($before.partitions | by_partition) as $last
  | [$now.partitions[]
     | (.partition | tostring) as $key
     | ($begun[$key].stored.nextOffset // -1) as $from
     | select(($last[$key].held.high // 0) > $from and (.stored.nextOffset // -1) <= $from) | .partition];

def new_expired: [$now.expired[] | select(. as $one | $snapshot.expired | index($one) | not)];

# Not one of those that took over: it was added since, and may go again.
def added: .instance as $name | $snapshot.instances | index($name) | not;
def comes_or_goes: added and (.state | IN("starting", "draining", "stopped"));

def percent: if $now.messages > 0 then 100 * $now.errors / $now.messages elif $now.errors > 0 then 100 else 0 end;

{
  broken: [
    ($now.health | if length == 0 then "none of its instances is left" else empty end),
    ($now.health[] | select(.state != "active" and .state != "unreachable" and (comes_or_goes | not)) | "\(.instance) is \(.state)\(if .failure then ": \(.failure)" else "" end)"),
    ($now.health[] | select(.state == "active") | .instance as $name | .started_at as $at
      | ($started[$name] // $at) | select(. != $at) | "\($name) was started again in the window"),
    (if $now.resets > 0 then "\($now.resets) partitions have lost their position (see ingest_gaps)" else empty end),
    (new_expired | select(length > 0) | "offsets of partitions \(map(tostring) | join(", ")) have expired unread"),
    (if $now.messages >= errors_from and percent >= $errors_percent
      then "\(percent | floor) errors in a hundred messages" else empty end)
  ],
  open: [
    (unclaimed | select(length > 0) | "partitions \(map(tostring) | join(", ")) have not been claimed"),
    (standing | select(length > 0) | "of partitions \(map(tostring) | join(", ")) nothing has landed"),
    ($now.health[] | select(.state == "unreachable") | "\(.instance) does not answer"),
    ($now.health[] | select(added and .state == "starting") | "\(.instance), which was added, is starting"),
    ($now.health[] | select(.state == "active" and .status != "healthy") | "\(.instance): \(.reasons | join("; "))"),
    (if percent >= $errors_percent then "\($now.errors) errors at \($now.messages) messages" else empty end),
    (if $now.lag_seconds > $lag_seconds
      then "it is \($now.lag_seconds) s behind, and may be \($lag_seconds)" else empty end)
  ]
}
