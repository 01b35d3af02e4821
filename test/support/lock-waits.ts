import type { TestDatabase } from './database.js';

/**
 * Whether somebody in this database waits for a lock, of which `what` may say more. The server's other databases are in pg_locks too, and those
 * made of one template have the same tables by number. On a connection of its own: within a transaction the list of processes stays as it was.
 */
export async function isLockWaitedFor({ query }: Pick<TestDatabase, 'query'>, what = 'true'): Promise<boolean> {
  const waits = await query(
    `SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE datname = current_database() AND NOT granted AND ${what}`,
  );
  return waits.length > 0;
}
