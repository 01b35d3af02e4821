-- One row per loss. Retention goes on while an engine is halted at a gap, so that every restart finds the same gap longer:
-- the row that begins at the same offset grows, where ingest_gaps_record wrote another beside it.

UPDATE ingest_gaps g SET to_offset = longest.to_offset
  FROM (
    SELECT group_id, topic, partition, from_offset, max(to_offset) AS to_offset FROM ingest_gaps
      GROUP BY 1, 2, 3, 4 HAVING count(*) > 1
  ) longest
  WHERE g.group_id = longest.group_id AND g.topic = longest.topic AND g.partition = longest.partition
    AND g.from_offset = longest.from_offset AND g.to_offset < longest.to_offset;

DELETE FROM ingest_gaps later USING ingest_gaps first
  WHERE later.group_id = first.group_id AND later.topic = first.topic AND later.partition = first.partition
    AND later.from_offset = first.from_offset AND later.id > first.id;

-- Writes down offsets the source no longer holds, once, and moves the position over them where p_advance says so. True
-- again where all that has happened already; false where the claim no longer holds or the position is another.
CREATE OR REPLACE FUNCTION ingest_gaps_record(p_group text, p_owner text, p_topic text, p_partition integer, p_epoch bigint, p_from bigint, p_to bigint, p_reason text, p_advance boolean)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_next bigint;
  v_recorded bigint;
BEGIN
  SELECT next_offset INTO v_next FROM kafka_offsets
    WHERE group_id = p_group AND topic = p_topic AND partition = p_partition AND epoch = p_epoch AND owner = p_owner FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  SELECT max(to_offset) INTO v_recorded FROM ingest_gaps
    WHERE group_id = p_group AND topic = p_topic AND partition = p_partition AND from_offset = p_from;
  IF p_advance AND v_next <> p_from THEN
    RETURN coalesce(v_recorded >= p_to, false) AND v_next = p_to;
  END IF;
  IF v_recorded IS NULL THEN
    INSERT INTO ingest_gaps (group_id, topic, partition, from_offset, to_offset, reason, owner)
      VALUES (p_group, p_topic, p_partition, p_from, p_to, p_reason, p_owner);
  ELSIF v_recorded < p_to THEN
    UPDATE ingest_gaps SET to_offset = p_to, reason = p_reason, owner = p_owner
      WHERE group_id = p_group AND topic = p_topic AND partition = p_partition AND from_offset = p_from;
  END IF;
  IF p_advance THEN
    UPDATE kafka_offsets SET next_offset = p_to, committed_at = clock_timestamp()
      WHERE group_id = p_group AND topic = p_topic AND partition = p_partition;
  END IF;
  RETURN true;
END
$$;
