import {
  type AcknowledgementEntry,
  type AcknowledgeRequest,
  acknowledgementOf,
  applyAcknowledgement,
  withdrawalOf,
} from "./incidents/acknowledgement.ts";
import type { Alert } from "./model/alert.ts";
import type { Pipeline } from "./pipeline.ts";
import { recordOf } from "./queries.ts";

/** @throws Failure EB_ALERT_UNKNOWN, EB_ALERT_RESOLVED */
export const acknowledge = (pipeline: Pipeline, request: AcknowledgeRequest): Promise<Alert> =>
  change(pipeline, request, acknowledgementOf);

/** @throws Failure EB_ALERT_UNKNOWN, EB_ALERT_RESOLVED, EB_NOT_ACKNOWLEDGED */
export const unacknowledge = (pipeline: Pipeline, request: AcknowledgeRequest): Promise<Alert> =>
  change(pipeline, request, withdrawalOf);

/** Changes the acknowledgement as all instances have it, then saves the result and shares it. */
const change = async (
  pipeline: Pipeline,
  request: AcknowledgeRequest,
  entryOf: (alert: Alert, request: AcknowledgeRequest, now: Date) => AcknowledgementEntry,
): Promise<Alert> => {
  const { acknowledgements, shared, records, notifier, stateFile, clock } = pipeline;
  await shared?.syncAcknowledgements();
  const { alert } = await recordOf(pipeline, request.id);
  const entry = entryOf(alert, request, clock.now());
  acknowledgements.add(entry);
  // The record of another instance, until that has written it.
  const known = records.get(alert.id);
  if (known) known.alert = applyAcknowledgement(known.alert, entry);
  notifier.schedule();
  await stateFile?.save();
  await shared?.syncAcknowledgements();
  return applyAcknowledgement(alert, entry);
};
