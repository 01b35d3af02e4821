import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { takeLedger } from '../ledger/ledger.js';
import { SentLog } from '../ledger/sent-log.js';
import { type ChaosBroker, startKafka, startMock } from './broker.js';
import { connected, startDatabase } from './database.js';
import { Faults } from './faults.js';
import { Fleet } from './fleet.js';
import { endingOf, Killer, type KillerStage } from './killer.js';
import { type ChaosOptions, commandOf } from './options.js';
import { ChaosProducer } from './producer.js';
import { type ChaosReport, liveLine, reportOf } from './report.js';
import { Schedule } from './schedule.js';
import { Watch } from './watch.js';

const TOPIC = 'chaos.dextrades.proto';
const GROUP = 'chaos';
const PARTITIONS = 8;
const TICK_MS = 20;
const LIVE_MS = 5_000;
/** An engine that lands nothing for so long has been forgotten by somebody. */
const SILENT_MS = 60_000;
/** A run that lands nothing for so long is stuck. */
const STUCK_MS = 120_000;
/** For everything to land once nothing is harmed any more. */
const LAND_TIMEOUT_MS = 180_000;

const ENVIRONMENT = {
  KAFKA_TOPIC: TOPIC,
  KAFKA_GROUP_ID: GROUP,
  KAFKA_START_FROM: 'earliest',
  KAFKA_ASSIGNMENT_STRATEGY: 'consumer',
  KAFKA_PROPERTIES: 'fetch.wait.max.ms=20;socket.timeout.ms=3000;reconnect.backoff.max.ms=300',
  DATABASE_MIGRATE: 'false',
  DATABASE_FLUSH_TIMEOUT_MS: '1500',
  DATABASE_STALE_BACKEND_MS: '500',
  BREAKER_OPEN_MS: '300',
  BATCH_MAX_ROWS: '300',
  SLAB_MAX_BYTES: '65536',
  SHUTDOWN_TIMEOUT_MS: '20000',
};

interface Run extends KillerStage {
  readonly options: ChaosOptions;
  readonly sent: SentLog;
  readonly killer: Killer;
  readonly faults: Faults;
  readonly folder: string;
}

/**
 * Kills engines, database and broker until it was enough, lets everything land, and holds the database against what was sent.
 * `say` gets a line now and then. The logs stay where the outcome is not clean.
 */
export async function runChaos(options: ChaosOptions, say: (line: string) => void): Promise<ChaosReport> {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-'));
  const startedAt = Date.now();
  const closers: (() => Promise<unknown>)[] = [];
  let kept = true;
  try {
    const run = await open(options, folder, closers);
    say(`chaos with seed ${options.seed}, logs in ${folder}`);
    const killedFrom = Date.now();
    await Promise.race([harmUntilEnough(run, say), run.producer.failed]);
    const killedSeconds = (Date.now() - killedFrom) / 1_000;
    const late = await land(run, say);
    const verdict = await judge(run);
    const seconds = (Date.now() - startedAt) / 1_000;
    const report = reportOf({ ...run, verdict, late, seconds, killedSeconds });
    kept = !report.clean || options.keep;
    if (kept) {
      run.sent.write(join(folder, 'sent.jsonl'));
      say(`logs and what was sent: ${folder}\nagain: ${commandOf(options)}`);
    }
    return report;
  } finally {
    for (const close of closers.reverse()) await close().catch(() => {});
    if (!kept) rmSync(folder, { recursive: true, force: true });
  }
}

async function open(options: ChaosOptions, folder: string, closers: (() => Promise<unknown>)[]): Promise<Run> {
  const starting: Promise<ChaosBroker> = options.kafka
    ? startKafka(TOPIC, PARTITIONS, GROUP)
    : startMock(TOPIC, PARTITIONS);
  const [broker, database] = await Promise.all([starting, startDatabase()]);
  closers.push(
    () => broker.stop(),
    () => database.server.stop(),
  );
  const sent = new SentLog();
  const { brokers } = broker;
  const { rate, seed } = options;
  const producer = await ChaosProducer.start({ brokers, topic: TOPIC, partitions: PARTITIONS, rate, seed, sent });
  closers.push(() => producer.close());
  const watch = new Watch(database.url, sent, (partition, position) => producer.landed(partition, position));
  const fleet = await Fleet.open(
    {
      seats: Math.max(2, options.engines), // a zombie that was alone needs another
      databasePort: database.server.port,
      databaseUrl: database.engineUrl,
      kafkaPort: broker.port,
      environment: ENVIRONMENT,
      folder,
    },
    watch,
  );
  fleet.target = options.engines;
  closers.push(() => fleet.close());
  const stage = { database, broker, fleet, producer, watch };
  return { ...stage, options, sent, folder, killer: new Killer(stage), faults: new Faults(stage) };
}

async function harmUntilEnough(run: Run, say: (line: string) => void): Promise<void> {
  const { options, fleet, killer, faults, watch } = run;
  const schedule = new Schedule(options);
  let kill = schedule.nextKill();
  let killAt = Date.now() + kill.pauseMs;
  let fault = schedule.nextFault();
  let faultAt = Date.now() + (fault?.pauseMs ?? 0);
  let liveAt = 0;
  const startedAt = Date.now();
  while (killer.total < options.kills) {
    const now = Date.now();
    if (now - Math.max(watch.lastMoveAt, startedAt) > STUCK_MS) {
      killer.findings.push(`nothing landed for ${STUCK_MS / 1_000} s`);
      return;
    }
    fleet.keepUp(now);
    fleet.noteSilent(now, SILENT_MS);
    if (now >= killAt && killer.begin(kill)) {
      kill = schedule.nextKill();
      killAt = now + kill.pauseMs;
    }
    if (fault !== null && now >= faultAt && faults.isDue(now)) {
      faults.begin(fault);
      fault = schedule.nextFault();
      faultAt = now + (fault?.pauseMs ?? 0);
    }
    if (now >= liveAt) {
      liveAt = now + LIVE_MS;
      say(liveLine(run));
    }
    if (watch.findings.length > 0) return;
    await delay(TICK_MS);
  }
}

/** Ends all faults and waits until everything sent has landed; answers what did not come in time. */
async function land({ fleet, killer, faults, producer, watch, sent, options }: Run, say: (line: string) => void) {
  say('enough: what is under way lands …');
  await Promise.all([killer.settled(), faults.settled(), producer.stop()]);
  fleet.heal();
  fleet.target = options.engines;
  const late: string[] = [];
  const deadline = Date.now() + LAND_TIMEOUT_MS;
  const behind = () => sent.partitions.filter((partition) => watch.ledger.position(partition) < sent.endOf(partition));
  while (behind().length > 0 && Date.now() < deadline) {
    fleet.keepUp(Date.now());
    await delay(TICK_MS);
  }
  for (const partition of behind()) {
    late.push(`partition ${partition} stands at ${watch.ledger.position(partition)} of ${sent.endOf(partition)}`);
  }
  fleet.target = 0;
  for (const generation of fleet.running) {
    generation.doomed = true;
    const exit = await generation.process.stop();
    const ending = endingOf(exit, generation.process.output);
    if (ending === 'clean' || ending === 'beforeStart') continue;
    late.push(`engine ${generation.number} ended with ${exit.signal ?? exit.code}, with nothing harmed any more`);
  }
  return late;
}

async function judge({ watch, database, sent }: Run) {
  await watch.stop();
  const client = await connected(database.url);
  try {
    return await takeLedger(client, { groupId: GROUP, topic: TOPIC, firstSlot: 0 }, sent);
  } finally {
    await client.end();
  }
}
