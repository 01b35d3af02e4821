-- The roles that use the engine's database, each allowed what it needs and no more:
--
--   trades_owner    owns the tables: applies the migrations (`migrate`), replays and deletes dead letters, builds indexes
--   trades_engine   runs the engine (`start`): DATABASE_MIGRATE=false
--   trades_reader   queries trades and changes nothing
--   trades_monitor  sees positions, gaps, lag and which dead letters there are, and no trade; writes lag history
--
-- 1. An administrator runs this file in the database, which should hold nothing else; it may be run again:
--      psql "$ADMIN_URL" -f deployment/sql/roles.sql
-- 2. The roles can log in once they have a password: \password trades_owner and so on, in psql.
-- 3. `migrate` with the DATABASE_URL of trades_owner, now and with every new release.
-- 4. After each, as trades_owner: psql "$OWNER_URL" -f deployment/sql/grants.sql

DO $$
DECLARE
  v_role text;
BEGIN
  FOREACH v_role IN ARRAY ARRAY['trades_owner', 'trades_engine', 'trades_reader', 'trades_monitor'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', v_role);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- It is there, or another session makes it at this moment.
    END;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), v_role);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), v_role);
  END LOOP;

  -- Whoever is none of the four has no business here; before PostgreSQL 15 anyone could make tables in the schema, too.
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema());

  EXECUTE format('GRANT CREATE ON SCHEMA %I TO trades_owner', current_schema());
  -- Repeated trades go through a temporary table.
  EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO trades_owner, trades_engine', current_database());

  -- A query that is never ended holds back VACUUM and the dropping of table partitions.
  EXECUTE format('ALTER ROLE trades_reader IN DATABASE %I SET default_transaction_read_only = on', current_database());
  EXECUTE format('ALTER ROLE trades_reader IN DATABASE %I SET statement_timeout = %L', current_database(), '10min');
  EXECUTE format('ALTER ROLE trades_reader IN DATABASE %I SET idle_in_transaction_session_timeout = %L', current_database(), '1min');
  EXECUTE format('ALTER ROLE trades_monitor IN DATABASE %I SET statement_timeout = %L', current_database(), '30s');
END
$$;
