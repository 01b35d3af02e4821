-- What was tried with a dead letter since it was written. The error it was written with stays beside that of the last try.

ALTER TABLE ingest_dead_letters
  ADD COLUMN attempts         integer NOT NULL DEFAULT 0,
  ADD COLUMN attempted_at     timestamptz,
  ADD COLUMN last_error_class text,
  ADD COLUMN last_error_text  text,
  ADD COLUMN replayed_at      timestamptz,
  ADD COLUMN replayed_rows    bigint  NOT NULL DEFAULT 0;

CREATE INDEX ingest_dead_letters_open ON ingest_dead_letters (id) WHERE status <> 'replayed';

COMMENT ON COLUMN ingest_dead_letters.status IS 'new: nothing has come of it yet; replayed: what is in it has landed.';
COMMENT ON COLUMN ingest_dead_letters.attempts IS 'Times `dead-letters replay` tried it.';
COMMENT ON COLUMN ingest_dead_letters.last_error_class IS 'Why the last of those times failed; NULL where none did.';
COMMENT ON COLUMN ingest_dead_letters.replayed_rows IS 'Trades its replays landed; none where all of them were there already.';
