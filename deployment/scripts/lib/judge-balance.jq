# What check_partition_balance.sh has to say of an answer of `status`.
#   $engines     of each engine that was asked its name, state and partitions, as /health has them; state "no answer" of one that gave none
#   $all, $named whether these are all engines there are, and whether somebody named them
#   $difference, $lag: limits

# Those with a partition of this topic. The epoch is that of the claim: whoever has an older one has lost it.
def holds($topic; $partition; $epoch): any(.partitions[]; .topic == $topic and .partition == $partition and .epoch >= $epoch);

. as $status
| ($engines | map(select(.state == "active"))) as $active
| ($engines | map(select(.state != "no answer")) | length) as $answered
| ($answered > 0 and ($all or $answered >= ([.owners[] | select(.up)] | length))) as $known
| [.partitions[] | .partition as $partition | (.stored.epoch // 0) as $epoch
   | select(.ownerUp != true or ($known and (any($active[]; holds($status.topic; $partition; $epoch)) | not))) | .partition] as $unread
| ([.owners[] | select(.up and .partitions > 0) | .partitions] + [$active[] | select(.partitions == []) | 0]) as $shares
| (if $shares == [] then 0 else ($shares | max - min) end) as $most
| {group, topic, owners, partitions: (.partitions | length), unowned, expired, missing, difference: $most, unread: $unread,
   engines: ($engines | map(select($named or .state != "no answer") | .partitions |= length)),
   behind: [.partitions[] | select($lag > 0 and (.lag // 0) > $lag) | {partition, lag, owner: .stored.owner}]}
| .findings = [
    (if $most > $difference then "one engine has \($most) partitions more than another" else empty end),
    (.unread | select(length > 0) | "partitions \(map(tostring) | join(", ")) have no owner that is up and consumes"),
    (.engines[] | select(.state == "no answer") | "\(.name) does not answer"),
    (.expired | select(length > 0) | "of partitions \(map(tostring) | join(", ")) offsets expired unread (see ingest_gaps)"),
    (.behind[] | "partition \(.partition) is \(.lag) messages behind (\(.owner))")]
