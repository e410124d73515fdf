/** The state of a rule. Times are milliseconds on the steady clock. */
export type RuleState =
  | { state: "inactive" }
  | ({ state: "pending"; failures: number; held: Held } & Ongoing)
  | ({ state: "firing" } & Ongoing)
  | ({ state: "recovering"; recoveredAtMs: number; successes: number; held: Held } & Ongoing);

interface Ongoing {
  /** The first observation that failed. */
  sinceMs: number;
  /** Since when it cannot be evaluated; null while it can. */
  unknownSinceMs: number | null;
}

/** How long something was seen to go on: time in which nothing was seen, or seen clearly, does not count. */
interface Held {
  ms: number;
  /** When it was last seen; null when it could not be evaluated since. */
  seenAtMs: number | null;
}

/** How much it takes to believe a change: so many observations in a row, and so long. */
export interface Patience {
  failuresToFire: number;
  forMs: number;
  successesToResolve: number;
  keepFiringForMs: number;
  /** A rule that cannot be evaluated for so long is inactive again; null: it stays as it is. */
  endsUnknownAfterMs: number | null;
}

/** `unknown`: it cannot be said; neither fine nor failing. */
export type Finding = "fine" | "failing" | "unknown";

/** The effect of a finding on a rule: its next state, and whether an alert begins or ends. */
export type Verdict =
  | { transition: "none"; next: RuleState }
  | { transition: "fired"; next: RuleState; sinceMs: number }
  | { transition: "resolved"; next: RuleState; lastedMs: number; because: "fine" | "unknown" };

/** Of a longer time between two observations no more counts: the process, or its machine, was asleep. */
export const longestGapMs = 30_000;

/**
 * Pure. A failure lasts from the first failed observation in a row to the first good one. An unknown finding changes
 * nothing: it neither counts as a failure nor ends a row of failures, and time counts only between two observations
 * of the same kind. A clock that is set back, or leaps ahead, does not shorten `forMs` and `keepFiringForMs`.
 */
export const evaluate = (patience: Patience, state: RuleState, finding: Finding, nowMs: number): Verdict => {
  if (finding === "failing") return afterFailure(patience, state, nowMs);
  return finding === "fine" ? afterSuccess(patience, state, nowMs) : afterNothing(patience, state, nowMs);
};

const afterFailure = (patience: Patience, state: RuleState, nowMs: number): Verdict => {
  // A rule that fails again before it recovered has been failing all along.
  if (state.state === "firing" || state.state === "recovering") {
    return stay({ state: "firing", sinceMs: state.sinceMs, unknownSinceMs: null });
  }
  const before = state.state === "pending" ? state : { sinceMs: nowMs, failures: 0, held: nothing };
  const { sinceMs } = before;
  const failures = before.failures + 1;
  const held = longer(before.held, nowMs);
  return failures < patience.failuresToFire || held.ms < patience.forMs
    ? stay({ state: "pending", sinceMs, failures, held, unknownSinceMs: null })
    : { transition: "fired", next: { state: "firing", sinceMs, unknownSinceMs: null }, sinceMs };
};

const afterSuccess = (patience: Patience, state: RuleState, nowMs: number): Verdict => {
  if (state.state === "inactive" || state.state === "pending") return stay({ state: "inactive" });
  const { sinceMs } = state;
  const before = state.state === "recovering" ? state : { recoveredAtMs: nowMs, successes: 0, held: nothing };
  const { recoveredAtMs } = before;
  const successes = before.successes + 1;
  const held = longer(before.held, nowMs);
  return successes < patience.successesToResolve || held.ms < patience.keepFiringForMs
    ? stay({ state: "recovering", sinceMs, recoveredAtMs, successes, held, unknownSinceMs: null })
    : resolved(sinceMs, recoveredAtMs, "fine");
};

const afterNothing = ({ endsUnknownAfterMs }: Patience, state: RuleState, nowMs: number): Verdict => {
  if (state.state === "inactive") return stay(state);
  const unknownSinceMs = state.unknownSinceMs ?? nowMs;
  if (endsUnknownAfterMs !== null && nowMs - unknownSinceMs >= endsUnknownAfterMs) {
    return state.state === "pending"
      ? stay({ state: "inactive" })
      : resolved(state.sinceMs, unknownSinceMs, "unknown");
  }
  return state.state === "firing"
    ? stay({ ...state, unknownSinceMs })
    : stay({ ...state, unknownSinceMs, held: { ms: state.held.ms, seenAtMs: null } });
};

const stay = (next: RuleState): Verdict => ({ transition: "none", next });

const resolved = (sinceMs: number, untilMs: number, because: "fine" | "unknown"): Verdict => ({
  transition: "resolved",
  next: { state: "inactive" },
  lastedMs: Math.max(0, untilMs - sinceMs),
  because,
});

const nothing: Held = { ms: 0, seenAtMs: null };

const longer = ({ ms, seenAtMs }: Held, nowMs: number): Held => ({
  ms: ms + Math.min(longestGapMs, Math.max(0, nowMs - (seenAtMs ?? nowMs))),
  seenAtMs: nowMs,
});
