/**
 * Waits until something is true, by real turns of the event loop, also while a test holds the timers: disk and
 * network go on meanwhile.
 */
export const until = async (isTrue: () => boolean, patienceMs = 10_000): Promise<void> => {
  const startedNs = process.hrtime.bigint();
  while (!isTrue()) {
    if (Number(process.hrtime.bigint() - startedNs) / 1e6 > patienceMs) throw new Error(`never: ${isTrue}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
};
