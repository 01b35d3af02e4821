/*
 * librdkafka's mock cluster with all of its faults within reach: node-rdkafka can start one, but not harm it.
 *
 * Usage: mock-cluster BROKERS SESSION_TIMEOUT_MS. Prints the bootstrap addresses, then reads a command per line and answers
 * each with "ok" or with what went wrong. Ends with its standard input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rdkafka.h"
#include "rdkafka_mock.h"

#define ERRORS_MAX 1000

static const char *outcome(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? "ok" : rd_kafka_err2str(error);
}

static const char *push_errors(rd_kafka_mock_cluster_t *cluster, int api_key, int count, int code) {
  rd_kafka_resp_err_t errors[ERRORS_MAX];
  if (count > ERRORS_MAX) return "too many";
  for (int i = 0; i < count; i++) errors[i] = (rd_kafka_resp_err_t)code;
  rd_kafka_mock_push_request_errors_array(cluster, (int16_t)api_key, (size_t)count, errors);
  return "ok";
}

static const char *push_delays(rd_kafka_mock_cluster_t *cluster, int broker, int api_key, int count, int ms) {
  for (int i = 0; i < count; i++) {
    const rd_kafka_resp_err_t error = rd_kafka_mock_broker_push_request_error_rtts(
        cluster, broker, (int16_t)api_key, 1, RD_KAFKA_RESP_ERR_NO_ERROR, ms);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return rd_kafka_err2str(error);
  }
  return "ok";
}

static const char *run(rd_kafka_mock_cluster_t *cluster, const char *line) {
  char name[256];
  int a, b, c, d;
  if (sscanf(line, "topic %255s %d", name, &a) == 2) return outcome(rd_kafka_mock_topic_create(cluster, name, a, 1));
  if (sscanf(line, "leader %255s %d %d", name, &a, &b) == 3)
    return outcome(rd_kafka_mock_partition_set_leader(cluster, name, a, b));
  if (sscanf(line, "coordinator %255s %d", name, &a) == 2)
    return outcome(rd_kafka_mock_coordinator_set(cluster, "group", name, a));
  if (sscanf(line, "down %d", &a) == 1) return outcome(rd_kafka_mock_broker_set_down(cluster, a));
  if (sscanf(line, "up %d", &a) == 1) return outcome(rd_kafka_mock_broker_set_up(cluster, a));
  if (sscanf(line, "rtt %d %d", &a, &b) == 2) return outcome(rd_kafka_mock_broker_set_rtt(cluster, a, b));
  if (sscanf(line, "errors %d %d %d", &a, &b, &c) == 3) return push_errors(cluster, a, b, c);
  if (sscanf(line, "delays %d %d %d %d", &a, &b, &c, &d) == 4) return push_delays(cluster, a, b, c, d);
  if (sscanf(line, "clear %d", &a) == 1) {
    rd_kafka_mock_clear_request_errors(cluster, (int16_t)a);
    return "ok";
  }
  return "no such command";
}

int main(int argc, char **argv) {
  char text[512];
  char line[512];
  if (argc != 3) return 2;
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), text, sizeof text);
  if (client == NULL) {
    fprintf(stderr, "%s\n", text);
    return 1;
  }
  rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(client, atoi(argv[1]));
  if (cluster == NULL) return 1;
  rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0);
  rd_kafka_mock_set_group_consumer_session_timeout_ms(cluster, atoi(argv[2]));
  rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(cluster, 250);
  printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) != NULL) {
    printf("%s\n", run(cluster, line));
    fflush(stdout);
  }
  /* No goodbye: the process goes, and with it the cluster. */
  _Exit(0);
}
