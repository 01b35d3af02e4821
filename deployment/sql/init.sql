-- Everything a server needs for the engine: the database, the four roles with their passwords, and what each may do. For psql, by an
-- administrator, connected to any database of the server:
--
--   psql "$ADMIN_URL" -f deployment/sql/init.sql
--   node dist/src/main.cjs migrate                          # DATABASE_URL of trades_owner: makes the tables
--   psql "$ADMIN_URL" -f deployment/sql/init.sql            # again, for what may be done with them
--
-- It may be run at any time, and should be after each `migrate`; what is as it should be stays so. Variables, all optional:
--
--   -v database=trades                   name of the database
--   -v owner_password=…                  of trades_owner; likewise engine_password, reader_password and monitor_password. A role without
--                                        a password cannot log in. On a command line others see it: better in a file of \set lines, -f
--                                        before this one, or \password afterwards
--
-- The tables are the migrations' (src/sink/migrations), offsets and monitoring included: kafka_offsets, ingest_gaps,
-- ingest_dead_letters, completeness_results. This file makes none, so that there is one place that says how they are.
--
-- How long things are kept: trades as DATABASE_RETENTION_SLOTS says, whole table partitions at a time; results of `completeness`
-- for 400 days; replayed dead letters until `dead-letters purge`; gaps and positions for good, they are few.

\set ON_ERROR_STOP on
\if :{?database}
\else
  \set database trades
\endif

SELECT format('CREATE DATABASE %I ENCODING ''UTF8'' TEMPLATE template0', :'database')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
\connect :"database"

\ir roles.sql

-- A statement that fails or is slow would otherwise be logged with the password in it. Only a superuser may say so.
SELECT current_setting('is_superuser') = 'on' AS superuser \gset
\if :superuser
  SET log_statement = 'none';
  SET log_min_error_statement = 'panic';
  SET log_min_duration_statement = -1;
\endif
\if :{?owner_password}
  ALTER ROLE trades_owner PASSWORD :'owner_password';
\endif
\if :{?engine_password}
  ALTER ROLE trades_engine PASSWORD :'engine_password';
\endif
\if :{?reader_password}
  ALTER ROLE trades_reader PASSWORD :'reader_password';
\endif
\if :{?monitor_password}
  ALTER ROLE trades_monitor PASSWORD :'monitor_password';
\endif

SELECT to_regclass('trades_engine_migrations') IS NOT NULL AS migrated \gset
\if :migrated
  \if :superuser
    -- Only their owner may grant them.
    SET ROLE trades_owner;
    \ir grants.sql
    RESET ROLE;
  \else
    \echo 'The tables are there. What may be done with them their owner says: psql "$OWNER_URL" -f deployment/sql/grants.sql'
  \endif
\else
  \echo 'There are no tables yet: run the command migrate as trades_owner, then this file again.'
\endif
