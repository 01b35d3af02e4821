-- Which incarnation of a topic a position belongs to. One that is deleted and made again under its name starts counting anew, and once
-- it has grown past the stored position only its id tells the two apart.
ALTER TABLE kafka_offsets ADD COLUMN topic_id text;

COMMENT ON COLUMN kafka_offsets.cluster_id IS 'Kafka cluster the position was read from; NULL where it did not say.';
COMMENT ON COLUMN kafka_offsets.topic_id IS 'Id the broker gave the topic when it was made; NULL from brokers that give none.';
