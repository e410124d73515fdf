import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../core/clock.ts";
import { readJournal } from "../release/journal.ts";

const lookEveryMs = 500;
const heartbeatEveryMs = 15_000;
const authorizeEveryMs = 10_000;

export interface FollowOptions {
  /** Entries that the client has already. */
  seen: number;
  clock: Clock;
  signal: AbortSignal;
  /** Whether the login of the client still holds. */
  mayRead: () => Promise<boolean>;
}

/** The entries of a journal as server-sent events, those that come later included. */
export async function* followJournal(
  file: string,
  { seen, clock, signal, mayRead }: FollowOptions,
): AsyncGenerator<string> {
  yield ": watching\n\n";
  let sent = seen;
  let [spokeMs, checkedMs] = [clock.monotonicMs(), clock.monotonicMs()];
  while (!signal.aborted) {
    const entries = await readJournal(file);
    for (const [at, entry] of entries.slice(sent).entries())
      yield `id: ${sent + at + 1}\nevent: ${entry.type}\ndata: ${JSON.stringify(entry)}\n\n`;
    const nowMs = clock.monotonicMs();
    if (entries.length > sent) spokeMs = nowMs;
    sent = Math.max(sent, entries.length);
    if (nowMs - spokeMs > heartbeatEveryMs) {
      spokeMs = nowMs;
      yield ": still watching\n\n";
    }
    if (nowMs - checkedMs > authorizeEveryMs) {
      checkedMs = nowMs;
      if (!(await mayRead())) return;
    }
    await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}
