-- What `completeness --store` found, for whoever exports it: the command runs for a moment, a scrape comes when it comes.
CREATE TABLE completeness_results (
  id          bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  checked_at  timestamptz      NOT NULL DEFAULT now(),
  measure     text             NOT NULL CHECK (measure IN ('trades', 'volume_usd', 'blocks', 'offsets', 'duplicates')),
  diff_ratio  double precision NOT NULL,
  flagged     boolean          NOT NULL,
  since       timestamptz      NOT NULL,
  until       timestamptz      NOT NULL,
  compared_to text             NOT NULL
);

CREATE INDEX completeness_results_newest ON completeness_results (measure, checked_at DESC);

COMMENT ON TABLE completeness_results IS 'One row per measure and run of `completeness --store`; the newest of each is exported as data_completeness_diff_ratio.';
COMMENT ON COLUMN completeness_results.diff_ratio IS '0.05 for 5 %; of hourly measures that of the worst hour.';
COMMENT ON COLUMN completeness_results.compared_to IS 'The reference, or itself.';
