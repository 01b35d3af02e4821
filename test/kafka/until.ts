/**
 * Waits for a condition, looked at every 20 ms, and for nothing else: the deadline is generous, and running into it is a
 * failure that names what never came.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  options: {
    readonly timeoutMs?: number;
    readonly explain?: () => string;
    /** Whether waiting has become pointless. */
    readonly hopeless?: () => boolean;
  } = {},
): Promise<void> {
  const deadline = Date.now() + (options.timeoutMs ?? 120_000);
  while (!(await condition())) {
    if (Date.now() > deadline || options.hopeless?.())
      throw new Error(`it never came that ${what}\n${options.explain?.() ?? ''}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
