import type { Incident } from "../model/record.ts";

/** When the claim of another instance is checked again. */
export const askAgainAfterMs = 30_000;

/**
 * Which instance sends the notifications of an alert that several instances raised. `threads` are the alerts whose
 * notifications began the conversations about it.
 */
export type Claim =
  | { claim: "ours"; threads: readonly string[] }
  /**
   * Another instance sent it, or is about to; its claim can be checked again later. `hasEnded` if the end was sent
   * too.
   */
  | {
      claim: "theirs";
      instance: string;
      alert: string;
      threads: readonly string[];
      hasEnded: boolean;
      askAgainAfterMs: number;
    }
  /** The claims cannot be read. */
  | { claim: "unknown" };

/** Where the instances agree on the sender of each notification. No method throws or rejects. */
export interface Deduplication {
  /** Claims a firing alert. An alert that is more severe than the claim takes it over. */
  claimFiring(incident: Incident, now: Date): Promise<Claim>;
  /** Claims the end of an alert. */
  claimResolved(incident: Incident, now: Date): Promise<Claim>;
  /** Confirms that it was sent. Tried once, without waiting. */
  confirm(incident: Incident, now: Date): void;
}

/** For a process without a shared database. */
export const noDeduplication: Deduplication = {
  claimFiring: async ({ alert }) => ({ claim: "ours", threads: [alert.id] }),
  claimResolved: async ({ alert, threads = [alert.id] }) => ({ claim: "ours", threads }),
  confirm: () => undefined,
};
