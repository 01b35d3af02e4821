-- What the engine writes. People query the views of 0004_views.sql.

CREATE TABLE solana_dex_trades (
  block_slot        bigint           NOT NULL,
  tx_index          integer          NOT NULL,
  trade_index       integer          NOT NULL,
  instruction_index bigint,
  block_time        timestamptz,
  signature         text,
  protocol_name     text,
  protocol_family   text,
  program           text,
  market            text,
  is_router         boolean          NOT NULL,
  side              text,
  trader            text,
  signer            text,
  fee_payer         text,
  bought_mint       text,
  bought_amount_raw numeric(20,0),
  bought_decimals   bigint,
  bought_amount     double precision,
  sold_mint         text,
  sold_amount_raw   numeric(20,0),
  sold_decimals     bigint,
  sold_amount       double precision,
  base_mint         text,
  quote_mint        text,
  price             double precision,
  amount_usd        double precision,
  price_usd         double precision,
  usd_source        text,
  price_asymmetry   double precision,
  fee_raw           numeric(20,0),
  royalty_raw       numeric(20,0),
  tx_fee_lamports   numeric(20,0),
  success           boolean          NOT NULL,
  order_id          text,
  kafka_partition   integer          NOT NULL,
  kafka_offset      bigint           NOT NULL,
  PRIMARY KEY (block_slot, tx_index, trade_index)
) PARTITION BY RANGE (block_slot);

CREATE INDEX solana_dex_trades_block_time ON solana_dex_trades USING brin (block_time);

COMMENT ON TABLE solana_dex_trades IS 'Every DEX trade of the stream, failed transactions and router rows included. Query dex_trades instead, which leaves those out.';
COMMENT ON COLUMN solana_dex_trades.tx_index IS 'Position of the transaction in its block.';
COMMENT ON COLUMN solana_dex_trades.trade_index IS 'Position of the trade in its transaction. The instruction index does not identify a trade: one instruction can give several fills.';
COMMENT ON COLUMN solana_dex_trades.block_time IS 'Time of the slot where it was known when the row landed, else the Kafka timestamp. dex_trades gives the exact time once it is known.';
COMMENT ON COLUMN solana_dex_trades.market IS 'Address of the pool or order book; NULL for rows of a router.';
COMMENT ON COLUMN solana_dex_trades.is_router IS 'An aggregator''s row: it stands beside the pool trades it was routed to, and counting both counts twice.';
COMMENT ON COLUMN solana_dex_trades.side IS 'buy: the trader received the base currency; sell: gave it; NULL where the market has no side for it.';
COMMENT ON COLUMN solana_dex_trades.trader IS 'Wallet of the trader; signer and fee_payer may be a relayer.';
COMMENT ON COLUMN solana_dex_trades.bought_amount_raw IS 'What the trader received, in the token''s smallest unit.';
COMMENT ON COLUMN solana_dex_trades.bought_amount IS 'bought_amount_raw scaled by bought_decimals.';
COMMENT ON COLUMN solana_dex_trades.sold_amount_raw IS 'What the trader gave, in the token''s smallest unit.';
COMMENT ON COLUMN solana_dex_trades.sold_amount IS 'sold_amount_raw scaled by sold_decimals.';
COMMENT ON COLUMN solana_dex_trades.price IS 'Quote per base.';
COMMENT ON COLUMN solana_dex_trades.amount_usd IS 'Value of the trade in USD; NULL where unknown, never 0 for unknown.';
COMMENT ON COLUMN solana_dex_trades.price_usd IS 'Price of the base currency in USD.';
COMMENT ON COLUMN solana_dex_trades.usd_source IS 'Which rule gave the USD value.';
COMMENT ON COLUMN solana_dex_trades.price_asymmetry IS '|bought - sold| / (bought + sold) in USD where both sides have a price; leave out rows above 0.1 when in doubt.';
COMMENT ON COLUMN solana_dex_trades.fee_raw IS 'As the stream gives it, in raw units of a currency it does not name.';
COMMENT ON COLUMN solana_dex_trades.tx_fee_lamports IS 'Fee of the whole transaction, repeated on each of its trades.';
COMMENT ON COLUMN solana_dex_trades.kafka_offset IS 'Message the row came from, with kafka_partition.';

CREATE TABLE solana_slots (
  slot        bigint  PRIMARY KEY,
  block_time  timestamptz,
  hash        text,
  parent_slot bigint,
  parent_hash text,
  height      bigint,
  orphaned    boolean NOT NULL DEFAULT false
);

COMMENT ON TABLE solana_slots IS 'Headers of slots, from the final message of each. A slot that was skipped has a row with only slot and orphaned.';
COMMENT ON COLUMN solana_slots.orphaned IS 'The chain of later slots passes this one by: its trades did not happen.';

CREATE TABLE solana_tokens (
  mint       text PRIMARY KEY,
  name       text,
  symbol     text,
  decimals   bigint,
  uri        text,
  program    text,
  first_slot bigint,
  last_slot  bigint
);

COMMENT ON TABLE solana_tokens IS 'Tokens as their currencies name themselves. Anyone may take any name or symbol: the mint is the identity.';

CREATE TABLE kafka_offsets (
  group_id     text        NOT NULL,
  topic        text        NOT NULL,
  partition    integer     NOT NULL,
  next_offset  bigint      NOT NULL,
  epoch        bigint      NOT NULL,
  owner        text        NOT NULL,
  cluster_id   text,
  claimed_at   timestamptz NOT NULL DEFAULT now(),
  committed_at timestamptz,
  PRIMARY KEY (group_id, topic, partition)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

COMMENT ON TABLE kafka_offsets IS 'How far each partition has landed. This, and not the offset committed to Kafka, is where reading goes on.';
COMMENT ON COLUMN kafka_offsets.next_offset IS 'Everything below has landed or is listed in ingest_dead_letters or ingest_gaps.';
COMMENT ON COLUMN kafka_offsets.epoch IS 'Rises with every claim; a writer with an older one changes nothing.';

CREATE TABLE ingest_dead_letters (
  id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  group_id        text        NOT NULL,
  topic           text        NOT NULL,
  partition       integer     NOT NULL,
  kafka_offset    bigint      NOT NULL,
  kafka_timestamp timestamptz,
  kafka_key       bytea,
  payload         bytea       NOT NULL,
  payload_format  text        NOT NULL CHECK (payload_format IN ('message', 'copy-row')),
  stage           text        NOT NULL,
  error_class     text        NOT NULL,
  error_text      text        NOT NULL,
  status          text        NOT NULL DEFAULT 'new',
  created_at      timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX ingest_dead_letters_offset ON ingest_dead_letters (group_id, topic, partition, kafka_offset);

COMMENT ON TABLE ingest_dead_letters IS 'What could not be landed, kept whole.';
COMMENT ON COLUMN ingest_dead_letters.payload_format IS 'message: the value as it came from Kafka; copy-row: one row of solana_dex_trades in COPY''s binary format.';

CREATE TABLE ingest_gaps (
  id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  group_id    text        NOT NULL,
  topic       text        NOT NULL,
  partition   integer     NOT NULL,
  from_offset bigint      NOT NULL,
  to_offset   bigint      NOT NULL,
  reason      text        NOT NULL,
  owner       text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  CHECK (from_offset < to_offset)
);

CREATE INDEX ingest_gaps_offset ON ingest_gaps (group_id, topic, partition, from_offset);

COMMENT ON TABLE ingest_gaps IS 'Offsets [from_offset, to_offset) that the source no longer held when they were to be read.';

CREATE TABLE ingest_lag_history (
  measured_at    timestamptz NOT NULL DEFAULT now(),
  group_id       text        NOT NULL,
  topic          text        NOT NULL,
  partition      integer     NOT NULL,
  low_watermark  bigint,
  high_watermark bigint,
  next_offset    bigint,
  lag            bigint,
  lag_seconds    double precision
);

CREATE INDEX ingest_lag_history_measured_at ON ingest_lag_history USING brin (measured_at);
