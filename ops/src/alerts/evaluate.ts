/** Where a rule stands. Times are milliseconds on a clock that only grows. */
export type RuleState =
  | { state: "inactive" }
  | { state: "pending"; sinceMs: number; failures: number }
  | { state: "firing"; sinceMs: number }
  | { state: "recovering"; sinceMs: number; recoveredAtMs: number; successes: number };

/** How many observations in a row it takes to believe a change. */
export interface Patience {
  failuresToFire: number;
  successesToResolve: number;
}

export interface Observation {
  failing: boolean;
  atMs: number;
}

/** What an observation makes of a rule: its next state, and whether an alert begins or ends with it. */
export type Verdict =
  | { transition: "none"; next: RuleState }
  | { transition: "fired"; next: RuleState; sinceMs: number }
  | { transition: "resolved"; next: RuleState; lastedMs: number };

/**
 * Decides; acts on nothing. A failure counts from the first observation in a row that failed, and lasted
 * until the first in a row that did not.
 */
export const evaluate = (patience: Patience, state: RuleState, observation: Observation): Verdict =>
  observation.failing
    ? afterFailure(patience, state, observation)
    : afterSuccess(patience, state, observation);

const afterFailure = ({ failuresToFire }: Patience, state: RuleState, { atMs }: Observation): Verdict => {
  // A rule that fails again before it recovered has been failing all along.
  if (state.state === "firing" || state.state === "recovering") {
    return { transition: "none", next: { state: "firing", sinceMs: state.sinceMs } };
  }
  const { sinceMs, failures } = state.state === "pending" ? state : { sinceMs: atMs, failures: 0 };
  return failures + 1 < failuresToFire
    ? { transition: "none", next: { state: "pending", sinceMs, failures: failures + 1 } }
    : { transition: "fired", next: { state: "firing", sinceMs }, sinceMs };
};

const afterSuccess = ({ successesToResolve }: Patience, state: RuleState, { atMs }: Observation): Verdict => {
  if (state.state === "inactive" || state.state === "pending") {
    return { transition: "none", next: { state: "inactive" } };
  }
  const { recoveredAtMs, successes } =
    state.state === "recovering" ? state : { recoveredAtMs: atMs, successes: 0 };
  const { sinceMs } = state;
  return successes + 1 < successesToResolve
    ? { transition: "none", next: { state: "recovering", sinceMs, recoveredAtMs, successes: successes + 1 } }
    : { transition: "resolved", next: { state: "inactive" }, lastedMs: recoveredAtMs - sinceMs };
};
