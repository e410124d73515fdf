import type { Operation } from "../api/queries.ts";
import type { Period } from "./range.ts";

export interface Span extends Period {
  /** Whether the span had begun before the period, or has not ended in it. */
  isOpen: boolean;
}

type Move = Pick<Operation, "kind" | "steps" | "state" | "finished_at">;

/**
 * When each step was rolled back within a period. The oldest move of a step says in which state it was before; a step
 * that no move concerns is as it is now.
 *
 * @param rolledBack the steps that are rolled back now
 */
export const rolledBackSpans = (
  moves: readonly Move[],
  rolledBack: readonly number[],
  { fromMs, toMs }: Period,
): (Span & { step: number })[] => {
  const ordered = moves
    .filter(({ kind, state }) => kind !== "apply" && state === "completed")
    .map(({ finished_at, ...move }) => ({ ...move, atMs: Date.parse(finished_at ?? "") }))
    .sort((one, other) => one.atMs - other.atMs);
  const steps = [...new Set([...ordered.flatMap((move) => move.steps), ...rolledBack])].sort((a, b) => a - b);
  return steps.flatMap((step) => {
    const own = ordered.filter((move) => move.steps.includes(step));
    const spans: (Span & { step: number })[] = [];
    const first = own[0];
    let sinceMs = (first ? first.kind === "reapply" : rolledBack.includes(step)) ? fromMs : undefined;
    for (const { kind, atMs } of own) {
      if (kind === "rollback") sinceMs ??= atMs;
      else if (sinceMs !== undefined) {
        spans.push({ step, fromMs: sinceMs, toMs: atMs, isOpen: sinceMs === fromMs });
        sinceMs = undefined;
      }
    }
    if (sinceMs !== undefined) spans.push({ step, fromMs: sinceMs, toMs, isOpen: true });
    return spans
      .filter((span) => span.toMs > fromMs && span.fromMs < toMs)
      .map((span) => ({ ...span, ...clip(span, { fromMs, toMs }) }));
  });
};

export const clip = (span: Period, period: Period): Period => ({
  fromMs: Math.max(span.fromMs, period.fromMs),
  toMs: Math.min(span.toMs, period.toMs),
});

/** Spans in as few lanes as possible, so that no two of a lane overlap. */
export const lanesOf = <S extends Period>(spans: readonly S[]): S[][] => {
  const lanes: S[][] = [];
  for (const span of [...spans].sort((one, other) => one.fromMs - other.fromMs)) {
    const free = lanes.find((lane) => (lane.at(-1)?.toMs ?? 0) <= span.fromMs);
    if (free) free.push(span);
    else lanes.push([span]);
  }
  return lanes;
};

/** The times that any of the spans covers. */
export const union = (spans: readonly Period[]): Period[] => {
  const covered: Period[] = [];
  for (const { fromMs, toMs } of [...spans].sort((one, other) => one.fromMs - other.fromMs)) {
    const last = covered.at(-1);
    if (last && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else covered.push({ fromMs, toMs });
  }
  return covered;
};

/** Groups of things that lie closer together than `leastMs`, oldest first. */
export const clusters = <T extends { atMs: number }>(things: readonly T[], leastMs: number): T[][] => {
  const groups: T[][] = [];
  for (const thing of [...things].sort((one, other) => one.atMs - other.atMs)) {
    const group = groups.at(-1);
    if (group && thing.atMs - (group[0]?.atMs ?? 0) < leastMs) group.push(thing);
    else groups.push([thing]);
  }
  return groups;
};
