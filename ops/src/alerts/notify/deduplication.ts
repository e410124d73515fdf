import type { Incident } from "../model/record.ts";

/** After how long it is asked again whether somebody who has told still cares. */
export const askAgainAfterMs = 30_000;

/** Who tells people of an alert, when several instances see the same. */
export type Claim =
  | { claim: "ours" }
  /**
   * Somebody has told it, or is about to; it may be asked again after a while whether they still care.
   * `hasEnded` when its end has been told, too.
   */
  | { claim: "theirs"; instance: string; alert: string; hasEnded: boolean; askAgainAfterMs: number }
  /** Nobody could be asked. */
  | { claim: "unknown" };

/** Where the instances agree on who tells what. None of these throws or rejects. */
export interface Deduplication {
  /** To tell that an alert fires, or goes on; what is more severe than all that was told of the same is ours. */
  claimFiring(incident: Incident, now: Date): Promise<Claim>;
  /** To tell that it has ended. */
  claimResolved(incident: Incident, now: Date): Promise<Claim>;
  /** Says that it has been told; tried once, and not waited for. */
  told(incident: Incident, now: Date): void;
}

/** For a process that is alone. */
export const noDeduplication: Deduplication = {
  claimFiring: async () => ({ claim: "ours" }),
  claimResolved: async () => ({ claim: "ours" }),
  told: () => undefined,
};
