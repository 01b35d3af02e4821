import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shippedDeployment } from './deployed.js';
import { type Action, applied, dockerAction, kubectlAction } from './deployment-commands.js';

const deployed = shippedDeployment();
const docker = (line: string): Action => dockerAction(line.split(' '), deployed);
const kubectl = (line: string): Action => kubectlAction(line.split(' '), deployed);

describe('a command of a page to docker or kubectl', () => {
  it('runs what it would run in the container, as the user of that', () => {
    assert.deepEqual(docker('compose exec -T engine engine ctl drain --wait 5'), {
      does: 'run',
      command: ['engine', 'ctl', 'drain', '--wait', '5'],
      as: 'engine',
    });
    assert.deepEqual(docker('compose run --rm --no-deps -T migrate dead-letters list'), {
      does: 'run',
      command: ['engine', 'dead-letters', 'list'],
      as: 'owner',
    });
    const exporter = 'exec deploy/bitquery-kafka-lag-exporter -c lag-exporter -- engine status';
    assert.deepEqual(kubectl(exporter), { does: 'run', command: ['engine', 'status'], as: 'monitor' });
  });

  it('signals the engine and never process 1 of this machine', () => {
    const words = ['exec', 'deploy/bitquery-kafka-consumer', '-c', 'engine', '--', 'sh', '-c', 'kill -USR2 1'];
    assert.deepEqual(kubectlAction(words, deployed), { does: 'signal', signal: 'USR2' });
    assert.throws(() => kubectlAction([...words.slice(0, -1), 'kill 1'], deployed), /a page may say/);
    assert.deepEqual(docker('compose kill -s USR1 engine'), { does: 'signal', signal: 'USR1' });
  });

  it('is refused where it names what is not deployed', () => {
    assert.throws(() => docker('compose up -d engines'), /no service engines/);
    assert.throws(
      () => kubectl('scale deploy/bitquery-kafka-consumers --replicas=2'),
      /no deploy bitquery-kafka-consumers/,
    );
    assert.throws(() => kubectl('rollout restart deploy/bitquery-kafka-consumer deploy/other'), /no deploy other/);
    assert.throws(() => kubectl('get hpa bitquery-hpa'), /no hpa bitquery-hpa/);
    assert.throws(
      () => kubectl('exec deploy/bitquery-kafka-consumer -c other -- ls'),
      /has the containers engine, and not/,
    );
    assert.throws(
      () => kubectl('annotate scaledobject bitquery-kafka-hpa autoscaling.keda.sh/paused-replicas=0'),
      /no scaledobject bitquery-kafka-hpa/,
    );
    assert.throws(() => kubectl('create secret generic bitquery-kafka --from-file=a'), /no secret bitquery-kafka/);
    assert.throws(() => applied('kind: Secret\nmetadata: { name: other }\n', deployed), /no secret other/);
  });

  it('is refused where nobody knows it', () => {
    assert.throws(() => docker('compose destroy engine'), /no command that a page may use/);
    assert.throws(() => docker('compose up --detached engine'), /--detached: no flag/);
    assert.throws(() => docker('ps'), /not of this deployment/);
    assert.throws(() => kubectl('restart deploy/bitquery-kafka-consumer'), /no command that a page may use/);
    assert.throws(() => kubectl('apply deployment/kubernetes'), /neither -f nor -k/);
    const annotate = (word: string) => kubectl(`annotate scaledobject bitquery-kafka-consumer ${word} --overwrite`);
    assert.deepEqual(annotate('autoscaling.keda.sh/paused-replicas=0'), { does: 'nothing' });
    assert.deepEqual(annotate('autoscaling.keda.sh/paused-replicas-'), { does: 'nothing' });
    assert.throws(() => annotate('autoscaling.keda.sh/pause=0'), /nothing that KEDA heeds/);
  });
});
