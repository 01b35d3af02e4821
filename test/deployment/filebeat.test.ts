import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { LOG_EVENTS, type LogCode } from '../../src/observe/log-events.js';
import { createLogger } from '../../src/observe/logger.js';

interface Input {
  readonly type: string;
  readonly id: string;
  readonly paths: readonly string[];
  readonly parsers: readonly Record<string, Record<string, unknown>>[];
  readonly processors?: readonly object[];
  readonly 'prospector.scanner.fingerprint': { readonly enabled: boolean; readonly length: number };
}

const ROOT = new URL('../../../', import.meta.url);
const text = readFileSync(new URL('deployment/configs/filebeat.yml', ROOT), 'utf8');
const config = parse(text) as Record<string, unknown>;
const inputs = config['filebeat.inputs'] as Input[];
const [kubernetes, docker] = ['/var/log/containers/', '/docker/'].map(
  (folder) => inputs.find(({ paths }) => paths.some((path) => path.includes(folder)))!,
) as [Input, Input];

/** A line of every code, each with an error and with fields. */
function lines(): Record<string, unknown>[] {
  const chunks: string[] = [];
  const destination = new Writable({
    write(chunk, _, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  const logger = createLogger({ level: 'trace', pretty: false, destination });
  for (const code of Object.keys(LOG_EVENTS) as LogCode[]) {
    const error = new Error('no', { cause: new RangeError('why') });
    logger.error(code, code, { error, 'kafka.topic': 't', 'kafka.partition': 1, 'kafka.offset': 2, kind: 'x' });
  }
  return chunks.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** As `expand_keys` does. Throws where a field is a value and an object at once, which Filebeat refuses. */
function expanded(line: Record<string, unknown>): Record<string, unknown> {
  const event: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(line)) {
    const parts = name.split('.');
    const last = parts.pop()!;
    let place = event;
    for (const part of parts) {
      place[part] ??= {};
      assert.ok(typeof place[part] === 'object', `${name}: ${part} is a value`);
      place = place[part] as Record<string, unknown>;
    }
    assert.ok(!(last in place), `${name} is an object`);
    place[last] = value;
  }
  return event;
}

describe('the configuration of Filebeat', () => {
  it('reads files by inputs that still exist, each with an id of its own', () => {
    assert.ok(inputs.length > 0);
    for (const { type, paths } of inputs) {
      assert.equal(type, 'filestream');
      assert.ok(paths.length > 0);
    }
    assert.equal(new Set(inputs.map(({ id }) => id)).size, inputs.length);
    assert.ok(inputs.every(({ id }) => /^[\w-]+$/.test(id)));
  });

  it('unwraps the container’s line before it reads ours, and makes that the event', () => {
    for (const { parsers } of inputs) {
      assert.deepEqual(
        parsers.map((parser) => Object.keys(parser)),
        [['container'], ['ndjson']],
      );
      const { target, overwrite_keys, expand_keys } = parsers[1]!.ndjson!;
      assert.deepEqual(
        { target, overwrite_keys, expand_keys },
        { target: '', overwrite_keys: true, expand_keys: true },
      );
    }
  });

  it('renames nothing, and every line of ours can be taken as it is', () => {
    const processors = [...(config.processors as object[]), ...inputs.flatMap((input) => input.processors ?? [])];
    assert.deepEqual(
      [...new Set(processors.flatMap((processor) => Object.keys(processor)))],
      ['add_host_metadata', 'add_kubernetes_metadata', 'add_docker_metadata', 'drop_event'],
    );
    const documented = [...readFileSync(new URL('docs/LOGS.md', ROOT), 'utf8').matchAll(/^\| (`.+?) \|/gm)]
      .flatMap(([, cell = '']) => [...cell.matchAll(/`([\w.@]+)`/g)].map(([, name = '']) => name))
      .filter((name) => name.includes('.') || name.startsWith('@'));
    assert.ok(documented.includes('@timestamp') && documented.includes('event.code'), documented.join());
    for (const line of lines()) {
      const { '@timestamp': at, event, log, error, kafka } = expanded(line) as Record<string, Record<string, unknown>>;
      assert.ok(!Number.isNaN(Date.parse(String(at))));
      assert.deepEqual([event?.code, log?.level], [line.message, 'error']);
      assert.deepEqual(kafka, { topic: 't', partition: 1, offset: 2 });
      assert.match(String(error?.message), /why/);
    }
    expanded(Object.fromEntries(documented.map((name) => [name, 'x'])));
  });

  it('keeps of Docker’s containers those of our image, all their lines, and lines that call themselves ours', () => {
    const [line] = lines();
    const title = /image\.title="([^"]+)"/.exec(readFileSync(new URL('Dockerfile', ROOT), 'utf8'))?.[1];
    // As add_docker_metadata writes the label `org.opencontainers.image.title`: a dot in a name would make an object of it.
    const ours = [
      { equals: { 'container.labels.org_opencontainers_image_title': title } },
      { equals: { 'service.name': line?.['service.name'] } },
    ];
    assert.deepEqual(docker.processors, [
      { add_docker_metadata: null },
      { drop_event: { when: { not: { or: ours } } } },
    ]);
  });

  it('tells a file by its first bytes: by few enough to ship one short line, by enough to hold its time', () => {
    const [line] = lines();
    const at = '2026-11-30T08:42:52.058123456Z';
    const files = new Map([
      [kubernetes, (text: string) => `${at} stderr F ${text}\n`],
      [docker, (text: string) => `${JSON.stringify({ log: `${text}\n`, stream: 'stderr', time: at })}\n`],
    ]);
    const reason = '2 settings are wrong:';
    for (const [input, wrapped] of files) {
      const { enabled, length } = input['prospector.scanner.fingerprint'];
      assert.equal(enabled, true);
      assert.ok(length >= 64, 'Filebeat takes no less');
      assert.ok(wrapped(`${reason}\n`.repeat(3)).length >= length);
      const begin = wrapped(JSON.stringify(line)).slice(0, length);
      assert.ok(begin.includes(at) || begin.includes(String(line?.['@timestamp'])), begin);
    }
  });

  it('names an index a day, with a template that matches it and no lifecycle that would name it otherwise', () => {
    const { index, api_key, hosts } = config['output.elasticsearch'] as Record<string, unknown>;
    assert.equal(index, 'bitquery-kafka-%{+yyyy.MM.dd}');
    assert.equal(config['setup.ilm.enabled'], false);
    assert.equal(config['setup.template.name'], 'bitquery-kafka');
    assert.equal(config['setup.template.pattern'], 'bitquery-kafka-*');
    assert.match(String(api_key), /^\$\{ELASTICSEARCH_API_KEY\}$/);
    assert.match(String(hosts), /^\$\{ELASTICSEARCH_HOSTS:/);
  });

  it('has no secret in it', () => {
    assert.doesNotMatch(text, /password|:\/\/[^/\s]*:[^/\s]*@/i);
    for (const [, value = ''] of text.matchAll(/(?:key|token|secret)\w*: *(\S+)/gi))
      assert.match(value, /^(?:\$\{\w+\}|true|false)$/);
  });
});
