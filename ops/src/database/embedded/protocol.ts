/**
 * What a process says to take a lease. Those who only look whether a keeper is there say nothing.
 */
export const greeting = "lease\n";

/** What the keeper answers as soon as it knows: one line of JSON. */
export type Answer =
  | {
      readonly state: "ready";
      readonly port: number;
      /** The directory of the cluster. */
      readonly cluster: string;
      /** Whether the server ran already, or somebody else asked for it first. */
      readonly joined: boolean;
    }
  | {
      readonly state: "failed";
      readonly code: string;
      readonly status: number;
      readonly detail: string;
      readonly remedy: string;
    };
