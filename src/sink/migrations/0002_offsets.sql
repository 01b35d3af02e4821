-- Statements on kafka_offsets that must be one round trip.

-- Takes a partition over. From here on nothing lands under an older epoch.
CREATE FUNCTION kafka_offsets_claim(p_group text, p_topic text, p_partition integer, p_start bigint, p_owner text, p_cluster text)
RETURNS TABLE (epoch bigint, next_offset bigint, claimed_at timestamptz, previous_owner text)
LANGUAGE plpgsql AS $$
DECLARE
  v_previous text;
BEGIN
  SELECT o.owner INTO v_previous FROM kafka_offsets o
    WHERE o.group_id = p_group AND o.topic = p_topic AND o.partition = p_partition FOR UPDATE;
  RETURN QUERY
    INSERT INTO kafka_offsets AS o (group_id, topic, partition, next_offset, epoch, owner, cluster_id)
      VALUES (p_group, p_topic, p_partition, p_start, 1, p_owner, p_cluster)
      ON CONFLICT (group_id, topic, partition) DO UPDATE
        SET epoch = o.epoch + 1, owner = excluded.owner, claimed_at = clock_timestamp(), cluster_id = coalesce(excluded.cluster_id, o.cluster_id)
      RETURNING o.epoch, o.next_offset, o.claimed_at, v_previous;
END
$$;

-- Compare-and-set of every stretch of a batch, in the order given; raises TE001 where one does not match.
CREATE FUNCTION kafka_offsets_advance(p_group text, p_owner text, p_topics text[], p_partitions integer[], p_froms bigint[], p_tos bigint[], p_epochs bigint[])
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. cardinality(p_partitions) LOOP
    UPDATE kafka_offsets SET next_offset = p_tos[i], committed_at = clock_timestamp()
      WHERE group_id = p_group AND topic = p_topics[i] AND partition = p_partitions[i]
        AND next_offset = p_froms[i] AND epoch = p_epochs[i] AND owner = p_owner;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'The position of % [%] is not % under epoch % of %', p_topics[i], p_partitions[i], p_froms[i], p_epochs[i], p_owner
        USING ERRCODE = 'TE001';
    END IF;
  END LOOP;
END
$$;

-- Writes down offsets the source no longer holds, once, and moves the position over them where p_advance says so. True
-- again where all that has happened already; false where the claim no longer holds or the position is another.
CREATE FUNCTION ingest_gaps_record(p_group text, p_owner text, p_topic text, p_partition integer, p_epoch bigint, p_from bigint, p_to bigint, p_reason text, p_advance boolean)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_next bigint;
  v_recorded boolean;
BEGIN
  SELECT next_offset INTO v_next FROM kafka_offsets
    WHERE group_id = p_group AND topic = p_topic AND partition = p_partition AND epoch = p_epoch AND owner = p_owner FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  v_recorded := EXISTS (
    SELECT FROM ingest_gaps WHERE group_id = p_group AND topic = p_topic AND partition = p_partition
      AND from_offset = p_from AND to_offset = p_to);
  IF p_advance AND v_next <> p_from THEN
    RETURN v_recorded AND v_next = p_to;
  END IF;
  IF NOT v_recorded THEN
    INSERT INTO ingest_gaps (group_id, topic, partition, from_offset, to_offset, reason, owner)
      VALUES (p_group, p_topic, p_partition, p_from, p_to, p_reason, p_owner);
  END IF;
  IF p_advance THEN
    UPDATE kafka_offsets SET next_offset = p_to, committed_at = clock_timestamp()
      WHERE group_id = p_group AND topic = p_topic AND partition = p_partition;
  END IF;
  RETURN true;
END
$$;
