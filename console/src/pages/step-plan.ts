import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type Direction, type DryRun, dryRun, type Step } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { serverNow } from "../live/server-clock.ts";

/** Dry runs that take longer together, by their estimates, do not start by themselves. */
const byItselfMs = 1_000;

export interface Measured {
  run: DryRun;
  /** When the run ended, by the clock of the server. */
  atMs: number;
  isCascade: boolean;
  /** The run before, if its plan was refused as stale. */
  before?: Measured;
}

/** Whether a dry run of the steps may start unasked: it is quick and writes no rows. */
export const startsByItself = (moving: readonly Pick<Step, "estimate" | "writes_rows">[]): boolean =>
  moving.every(({ writes_rows }) => !writes_rows) &&
  moving.reduce((sum, { estimate }) => sum + estimate.duration_ms, 0) < byItselfMs;

/** The dry run of a move; it starts by itself for an admin if it is quick and writes no rows. */
export const usePlan = ({
  step,
  direction,
  moving,
  isCascade,
  isFree,
}: {
  step: number;
  direction: Direction;
  /** The steps to move. */
  moving: readonly Step[];
  isCascade: boolean;
  /** Whether nothing blocks the move and no other runs. */
  isFree: boolean;
}) => {
  const { can } = useSession();
  // Kept apart from the mutation, which forgets its data once it starts again.
  const [last, setLast] = useState<Measured>();
  const { error, isPending, mutate } = useMutation({
    mutationFn: async (before: Measured | undefined): Promise<Measured> => ({
      run: await dryRun(step, direction, isCascade),
      atMs: serverNow(),
      isCascade,
      ...(before && { before }),
    }),
    onSuccess: setLast,
  });
  const measured = last?.isCascade === isCascade ? last : undefined;
  const isWanted = measured === undefined && !isPending && error === null && can.move && isFree;
  const isUnasked = isWanted && startsByItself(moving);
  useEffect(() => {
    if (isUnasked) mutate(undefined);
  }, [isUnasked, mutate]);
  return {
    measured,
    error,
    isPending,
    /** Measures again. */
    measure: () => mutate(undefined),
    /** Measures again after a refusal, and keeps the last run beside the new one. */
    compare: () => mutate(measured),
  };
};

export type Plan = ReturnType<typeof usePlan>;
