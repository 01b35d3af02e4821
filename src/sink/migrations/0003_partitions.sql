-- Makes the partition of solana_dex_trades that holds a slot; false where it is there already.
--
-- The table is made on its own and then attached: attaching takes a lock that writers and readers of the parent do not
-- wait for, which CREATE TABLE … PARTITION OF would not.
CREATE FUNCTION solana_dex_trades_add_partition(p_slot bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v_width  CONSTANT bigint := 216000;
  v_lower  CONSTANT bigint := p_slot - p_slot % v_width;
  v_parent CONSTANT regclass := 'solana_dex_trades';
  v_name   CONSTANT text := 'solana_dex_trades_' || v_lower;
  v_schema name;
BEGIN
  FOR v_round IN 1 .. 2 LOOP
    PERFORM FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = v_parent AND c.relname = v_name AND NOT i.inhdetachpending;
    IF FOUND THEN
      RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('solana_dex_trades'), hashtext('partitions'));
  END LOOP;
  SELECT n.nspname INTO v_schema FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = v_parent;
  EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING ALL EXCLUDING COMMENTS)', v_schema, v_name, v_parent);
  EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%s) TO (%s)', v_parent, v_schema, v_name, v_lower, v_lower + v_width);
  RETURN true;
END
$$;
