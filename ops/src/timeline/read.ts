import { withTimeout } from "../core/with-timeout.ts";
import { byPlace, cursorAfter, placeAmong, type TimelineCursor } from "./cursor.ts";
import type { TimelineKind, TimelinePage } from "./entry.ts";
import type { TimelineSource } from "./sources.ts";

const readWithinMs = 3_000;

export interface TimelineRequest {
  from: Date;
  to: Date;
  kinds: readonly TimelineKind[];
  limit: number;
  cursor?: TimelineCursor | undefined;
}

/**
 * Reads a page of what began in a period, from all sources at once. A source that fails or does not answer is named in
 * `missing`.
 *
 * @param onFailed gets the error of a source that could not be read
 */
export const readTimeline = async (
  sources: readonly TimelineSource[],
  { from, to, kinds, limit, cursor }: TimelineRequest,
  onFailed: (kind: TimelineKind, error: unknown) => void,
): Promise<TimelinePage> => {
  const pages = await Promise.all(
    sources
      .filter(({ kind }) => kinds.includes(kind))
      .map(async ({ kind, read }) => {
        const page = { from, to, limit: limit + 1, before: cursor && placeAmong(kind, cursor) };
        try {
          return { kind, ...(await withTimeout(readWithinMs, read(page))) };
        } catch (error) {
          onFailed(kind, error);
          return { kind, entries: [], isComplete: false };
        }
      }),
  );
  const found = pages.flatMap(({ entries }) => entries).sort(byPlace);
  const entries = found.slice(0, limit);
  const last = entries.at(-1);
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    entries,
    next_cursor: last && found.length > limit ? cursorAfter({ from, to }, last) : null,
    missing: pages.filter(({ isComplete }) => !isComplete).map(({ kind }) => kind),
  };
};
