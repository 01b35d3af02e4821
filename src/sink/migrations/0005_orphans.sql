-- Tells the slots that the chain passed by.
--
-- Walks from a header above the slots p_from … p_to down its parents. Slots strictly between a parent and its child were
-- skipped or lie on a dead fork: they are marked, with a row of their own where they have none. The chain's own slots are
-- not orphaned, whatever was thought of them before. A link over more than 512 slots is none: a header can be nonsense.
-- Where the chain is broken it goes on from the next header below.
--
-- Answers the slots whose mark changed; NULL where another marks just now and this is to be tried again.
CREATE FUNCTION solana_slots_mark_orphans(p_from bigint, p_to bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  v_gap_max  CONSTANT bigint := 512;
  -- Headers this far above say which of the slots the chain took.
  v_above    CONSTANT bigint := 1024;
  -- Further down than this below p_from the walk ends at the first slot that is known to be on the chain.
  v_margin   CONSTANT bigint := 64;
  v_walk_max CONSTANT integer := 100000;
  v_changed  bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('solana_slots'), hashtext('orphans')) THEN
    RETURN NULL;
  END IF;
  WITH RECURSIVE start AS (
    SELECT slot, parent_slot, orphaned FROM solana_slots
      WHERE parent_slot IS NOT NULL AND NOT orphaned AND slot <= p_to + v_above ORDER BY slot DESC LIMIT 1
  ), chain AS (
    SELECT slot, parent_slot, orphaned, parent_slot < slot AND slot - parent_slot <= v_gap_max AS linked, 1 AS steps FROM start
    UNION ALL
    SELECT n.slot, n.parent_slot, n.orphaned, n.parent_slot < n.slot AND n.slot - n.parent_slot <= v_gap_max, c.steps + 1
      FROM chain c CROSS JOIN LATERAL (
        SELECT s.slot, s.parent_slot, s.orphaned FROM solana_slots s
          WHERE s.parent_slot IS NOT NULL AND s.slot <= CASE WHEN c.linked THEN c.parent_slot ELSE c.slot - 1 END
          ORDER BY s.slot DESC LIMIT 1
      ) n
      WHERE c.steps < v_walk_max AND (c.slot > p_from - v_margin OR c.orphaned)
  ), marks AS (
    SELECT slot, false AS orphaned FROM chain
    UNION
    SELECT parent_slot, false FROM chain WHERE linked
    UNION
    SELECT generate_series(parent_slot + 1, slot - 1), true FROM chain WHERE linked
  ), wrong AS (
    SELECT m.slot, m.orphaned FROM marks m LEFT JOIN solana_slots s USING (slot)
      WHERE coalesce(s.orphaned, false) <> m.orphaned ORDER BY m.slot
  ), written AS (
    INSERT INTO solana_slots AS s (slot, orphaned) SELECT slot, orphaned FROM wrong
      ON CONFLICT (slot) DO UPDATE SET orphaned = excluded.orphaned
      RETURNING slot
  )
  SELECT count(*) INTO v_changed FROM written;
  RETURN v_changed;
END
$$;
