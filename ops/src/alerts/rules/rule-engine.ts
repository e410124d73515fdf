import type { AlertType } from "../model/alert.ts";
import { fingerprint } from "../model/fingerprint.ts";
import { evaluate, type RuleState } from "./evaluate.ts";
import { Flapping } from "./flapping.ts";
import type { Details, Observed, Rule, RuleFinding } from "./rule.ts";
import type { Thresholds } from "./thresholds.ts";

/** The state of a rule for one key. */
export interface RuleStatus {
  type: AlertType;
  key: string;
  state: RuleState;
}

export type Transition =
  | { transition: "fired"; rule: Rule; key: string; details: Details; sinceMs: number }
  /** It goes on, with these numbers now. */
  | { transition: "measured"; rule: Rule; key: string; details: Details }
  | { transition: "resolved"; rule: Rule; key: string; lastedMs: number; because: "fine" | "unknown" };

const inactive: RuleState = { state: "inactive" };

/** The state after a gap without observations. */
const unseen = (state: RuleState): RuleState =>
  "held" in state ? { ...state, held: { ...state.held, seenAtMs: null } } : state;

/** Evaluates the rules, and keeps the states that are not inactive. */
export class RuleEngine {
  readonly #rules: readonly Rule[];
  readonly thresholds: Thresholds;
  readonly #states: Map<AlertType, Map<string, RuleState>>;
  readonly #flapping = new Flapping();
  #observedAtMs = Number.NEGATIVE_INFINITY;

  constructor({ rules, thresholds }: { rules: readonly Rule[]; thresholds: Thresholds }) {
    this.#rules = rules;
    this.thresholds = thresholds;
    this.#states = new Map(rules.map(({ type }) => [type, new Map()]));
  }

  /** Adopts a status of another process, from `standings()`. */
  adopt({ type, key, state }: RuleStatus): void {
    const states = this.#states.get(type) ?? new Map<string, RuleState>();
    this.#states.set(type, states.set(key, unseen(state)));
  }

  /** Evaluates all rules on a snapshot; returns the transitions, and the numbers of those that fire. */
  observe(observed: Observed, nowMs: number): Transition[] {
    this.#observedAtMs = nowMs;
    return this.#rules.flatMap((rule) =>
      this.#findings(rule, observed).flatMap((finding) => this.#evaluate(rule, finding, nowMs)),
    );
  }

  stateOf(type: AlertType, key = ""): RuleState["state"] {
    return (this.#states.get(type)?.get(key) ?? inactive).state;
  }

  isPending(type: AlertType): boolean {
    return this.stateOf(type) === "pending";
  }

  /** When the rules last looked. */
  get observedAtMs(): number {
    return this.#observedAtMs;
  }

  standings(): RuleStatus[] {
    return [...this.#states].flatMap(([type, byKey]) =>
      [...byKey].map(([key, state]) => ({ type, key, state })),
    );
  }

  /** The findings of a rule. Keys that had a state and are missing now are unknown. */
  #findings(rule: Rule, observed: Observed): RuleFinding[] {
    const findings = rule.find(observed, this.thresholds);
    const found = new Set(findings.map(({ key }) => key));
    const missing = [...(this.#states.get(rule.type)?.keys() ?? [])].filter(
      (key) => !found.has(key) && (rule.key ?? key) === key,
    );
    return [...findings, ...missing.map((key) => ({ key, finding: "unknown" as const, details: {} }))];
  }

  #evaluate(rule: Rule, { key, finding, details }: RuleFinding, nowMs: number): Transition[] {
    const states = this.#states.get(rule.type);
    const name = fingerprint(rule.type, key);
    const patience = this.#flapping.patienceWith(name, rule.patience, nowMs);
    const verdict = evaluate(patience, states?.get(key) ?? inactive, finding, nowMs);
    if (verdict.next.state === "inactive") states?.delete(key);
    else states?.set(key, verdict.next);
    switch (verdict.transition) {
      case "none":
        return finding === "failing" && verdict.next.state === "firing"
          ? [{ transition: "measured", rule, key, details }]
          : [];
      case "fired":
        this.#flapping.noteFired(name, nowMs);
        return [{ transition: "fired", rule, key, details, sinceMs: verdict.sinceMs }];
      case "resolved": {
        const { lastedMs, because } = verdict;
        return [{ transition: "resolved", rule, key, lastedMs, because }];
      }
    }
  }
}
