-- Table partitions for an engine whose role does not own the tables, and for rows that come late.
--
-- Making a partition needs the owner of solana_dex_trades, and so does dropping one: the functions run as their owner,
-- whoever calls them. A role that is to run the engine and nothing else gets these:
--
--   GRANT USAGE ON SCHEMA public TO engine;
--   GRANT TEMPORARY ON DATABASE trades TO engine;
--   GRANT SELECT ON trades_engine_migrations TO engine;
--   GRANT SELECT, INSERT ON solana_dex_trades, ingest_dead_letters TO engine;
--   GRANT SELECT, INSERT, UPDATE ON solana_slots, kafka_offsets, ingest_gaps TO engine;
--   GRANT EXECUTE ON FUNCTION solana_dex_trades_add_partition(bigint) TO engine;
--
-- and where DATABASE_RETENTION_SLOTS is set:
--
--   GRANT EXECUTE ON FUNCTION solana_dex_trades_drop_partition(text) TO engine;
--
-- DATABASE_TRADE_INDEXES asks for the owner itself: an index is built beside the writers only outside of any function.

-- Makes the partition of solana_dex_trades that holds a slot; false where it is there already.
--
-- The table is made on its own and then attached: attaching takes a lock that writers and readers of the parent do not
-- wait for, which CREATE TABLE … PARTITION OF would not.
--
-- A partition on its way out takes no rows any more and still holds its range: its detaching is brought to an end, which
-- throws lock_not_available while a reader is on it. A table that was detached keeps its name, be it the engine's, to be
-- dropped, or a person's: the new one gets a number.
CREATE OR REPLACE FUNCTION solana_dex_trades_add_partition(p_slot bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  v_width   CONSTANT bigint := 216000;
  v_lower   CONSTANT bigint := p_slot - p_slot % v_width;
  v_parent  CONSTANT regclass := 'solana_dex_trades';
  v_base    CONSTANT text := 'solana_dex_trades_' || v_lower;
  v_pattern CONSTANT text := '^' || v_base || '(_\d+)?$';
  v_name    text := v_base;
  v_number  integer := 0;
  v_schema  name;
  v_leaving regclass;
BEGIN
  FOR v_round IN 1 .. 2 LOOP
    PERFORM FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = v_parent AND c.relname ~ v_pattern AND NOT i.inhdetachpending;
    IF FOUND THEN
      RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('solana_dex_trades'), hashtext('partitions'));
  END LOOP;
  SELECT n.nspname INTO v_schema FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = v_parent;
  SELECT c.oid INTO v_leaving FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = v_parent AND c.relname ~ v_pattern;
  IF FOUND THEN
    EXECUTE pg_catalog.format('ALTER TABLE %s DETACH PARTITION %s FINALIZE', v_parent, v_leaving);
  END IF;
  WHILE to_regclass(pg_catalog.format('%I.%I', v_schema, v_name)) IS NOT NULL LOOP
    v_number := v_number + 1;
    v_name := v_base || '_' || v_number;
  END LOOP;
  BEGIN
    EXECUTE pg_catalog.format('CREATE TABLE %I.%I (LIKE %s INCLUDING ALL EXCLUDING COMMENTS)', v_schema, v_name, v_parent);
    EXECUTE pg_catalog.format('ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%s) TO (%s)', v_parent, v_schema, v_name, v_lower, v_lower + v_width);
  EXCEPTION WHEN invalid_object_definition THEN
    -- A partition that a person attached holds some of the range.
    RETURN false;
  END;
  RETURN true;
END
$$;

-- Drops a table that solana_dex_trades_add_partition made, attached or retired; one on its way out that nobody retired is
-- detached and kept. False where there is none of that name.
--
-- For a role that may not detach it concurrently. Every writer waits while this waits for a reader: so it gives up soon,
-- and is tried again another time.
CREATE FUNCTION solana_dex_trades_drop_partition(p_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '200ms' AS $$
DECLARE
  v_parent  CONSTANT regclass := 'solana_dex_trades';
  v_table   regclass;
  v_pending boolean;
  v_retired boolean;
BEGIN
  SELECT c.oid, i.inhdetachpending, obj_description(c.oid, 'pg_class') IS NOT DISTINCT FROM 'Retired by the engine: detached, to be dropped.'
    INTO v_table, v_pending, v_retired
    FROM pg_class parent JOIN pg_class c USING (relnamespace)
    LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND i.inhparent = parent.oid
    WHERE parent.oid = v_parent AND c.relname = p_name AND c.relkind = 'r' AND c.relname ~ '^solana_dex_trades_\d+(_\d+)?$';
  IF v_table IS NULL OR (v_pending IS NULL AND NOT v_retired) THEN
    RETURN false;
  END IF;
  IF v_pending THEN
    EXECUTE pg_catalog.format('ALTER TABLE %s DETACH PARTITION %s FINALIZE', v_parent, v_table);
    IF NOT v_retired THEN
      RETURN true;
    END IF;
  END IF;
  EXECUTE pg_catalog.format('DROP TABLE %s', v_table);
  RETURN true;
END
$$;

-- The functions belong to the owner of the table, look names up in its schema and nowhere else, and are nobody's to call
-- but the owner's, those who get leave, and those who write the table already.
DO $$
DECLARE
  v_schema  text;
  v_owner   text;
  v_grantee text;
BEGIN
  SELECT quote_ident(n.nspname), quote_ident(pg_get_userbyid(c.relowner)) INTO v_schema, v_owner
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = 'solana_dex_trades'::regclass;
  EXECUTE format('ALTER FUNCTION solana_dex_trades_add_partition(bigint) SET search_path = pg_catalog, %s, pg_temp', v_schema);
  EXECUTE format('ALTER FUNCTION solana_dex_trades_drop_partition(text) SET search_path = pg_catalog, %s, pg_temp', v_schema);
  REVOKE EXECUTE ON FUNCTION solana_dex_trades_add_partition(bigint), solana_dex_trades_drop_partition(text) FROM PUBLIC;
  FOR v_grantee IN
    SELECT DISTINCT quote_ident(pg_get_userbyid(a.grantee)) FROM pg_class c, aclexplode(c.relacl) a
      WHERE c.oid = 'solana_dex_trades'::regclass AND a.privilege_type = 'INSERT' AND a.grantee NOT IN (0, c.relowner)
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION solana_dex_trades_add_partition(bigint) TO %s', v_grantee);
  END LOOP;
  PERFORM FROM pg_proc WHERE oid = 'solana_dex_trades_add_partition(bigint)'::regprocedure AND quote_ident(pg_get_userbyid(proowner)) <> v_owner;
  IF FOUND THEN
    EXECUTE format('ALTER FUNCTION solana_dex_trades_add_partition(bigint) OWNER TO %s', v_owner);
  END IF;
  PERFORM FROM pg_proc WHERE oid = 'solana_dex_trades_drop_partition(text)'::regprocedure AND quote_ident(pg_get_userbyid(proowner)) <> v_owner;
  IF FOUND THEN
    EXECUTE format('ALTER FUNCTION solana_dex_trades_drop_partition(text) OWNER TO %s', v_owner);
  END IF;
END
$$;
