import assert from 'node:assert/strict';
import type pg from 'pg';
import { type LandedSource, readLanded } from '../../src/commands/demo/landed.js';
import { type Finding, type Ledger, type Stretch, settle } from '../../src/commands/demo/ledger.js';
import { type AuditFinding, auditFindings } from './audit.js';
import type { SentLog } from './sent-log.js';

/** The ledger of a topic in a database, and what the audit of its offsets rows found where there is one. */
export interface Verdict {
  readonly ledger: Ledger;
  readonly findings: readonly (Finding | AuditFinding)[];
  readonly clean: boolean;
}

/** Holds the database against what was sent. `skipped` was not to be read. */
export async function takeLedger(
  client: pg.Client,
  source: LandedSource,
  sent: SentLog,
  skipped: readonly Stretch[] = [],
): Promise<Verdict> {
  const messages = sent.all();
  const ledger = settle(messages, await readLanded(client, source, messages), skipped);
  const findings = [...ledger.findings, ...(await auditFindings(client))];
  return { ledger, findings, clean: ledger.clean && findings.length === 0 };
}

/** As {@link takeLedger}, and throws with all that is wrong; where nothing was to land as well, for that proves nothing. */
export async function assertLedger(
  client: pg.Client,
  source: LandedSource,
  sent: SentLog,
  skipped: readonly Stretch[] = [],
): Promise<Ledger> {
  const { ledger, findings } = await takeLedger(client, source, sent, skipped);
  assert.deepEqual(
    findings.map(({ text }) => text),
    [],
  );
  assert.ok(ledger.clean, ledger.problems.join('\n'));
  assert.ok(ledger.trades.expected > 0, 'nothing was to land, which proves nothing');
  return ledger;
}
