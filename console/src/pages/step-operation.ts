import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type OperationDetails, useOperation } from "../api/operations.ts";
import { type Operation, overviewQuery } from "../api/queries.ts";
import { serverNow } from "../server/server-clock.ts";

/** For how long a finished move is shown, so that it can be verified after the page is loaded again. */
const verifiedWithinMs = 3_600_000;

/**
 * The operation to show on a step's page, also of other admins: one that runs or was interrupted, or one that has ended
 * here or within the last hour. `other` is an operation that moves other steps now.
 *
 * @param options.begun the id of the operation that this page has started
 * @param options.known the last operations of the step
 */
export const useStepOperation = ({
  step,
  begun,
  known = [],
}: {
  step: number;
  begun: string | undefined;
  known: readonly Operation[] | undefined;
}): { shown: OperationDetails | undefined; other: Operation | undefined } => {
  const newest = useQuery(overviewQuery).data?.operation ?? undefined;
  const [seenRunning, setSeenRunning] = useState<string>();
  const mine = [newest, ...known].filter((each) => each?.steps.includes(step));
  // The installation of a step is nothing to verify.
  const last = mine.find((each) => each?.kind !== "apply" || each.state === "running");
  if (last?.state === "running" && last.id !== seenRunning) setSeenRunning(last.id);
  const isUnfinished = last?.state === "interrupted" || last?.state === "failed";
  const isShown =
    last !== undefined &&
    (last.state === "running" ||
      last.id === seenRunning ||
      last.id === begun ||
      (isUnfinished && last.id === newest?.id) ||
      serverNow() - Date.parse(last.finished_at ?? last.started_at) < verifiedWithinMs);
  const shown = useOperation(isShown ? last.id : begun).data;
  const other = newest?.state === "running" && !newest.steps.includes(step) ? newest : undefined;
  return { shown, other };
};
