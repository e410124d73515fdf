import { defineFailure } from "../../core/failure.ts";
import { fullWeight, type Weights } from "./traffic-switch.ts";

export const staleEpoch = defineFailure({
  code: "EB_TRAFFIC_EPOCH",
  status: 409,
  detail: "The weights of epoch {given} are older than those of epoch {current}.",
  remedy: "Another release changed the traffic meanwhile. Read its state, then try again.",
});

export const switchFailed = defineFailure({
  code: "EB_TRAFFIC_SWITCH",
  status: 503,
  detail: "The traffic switch failed: {reason}",
  remedy: "Check that the switch runs and that this user may control it, then try again.",
});

const invalidWeights = defineFailure({
  code: "EB_TRAFFIC_WEIGHTS",
  status: 422,
  detail: "The weights {blue} and {green} do not divide the traffic.",
  remedy: "Use whole numbers from 0 to 10000 that add up to 10000.",
});

/** @throws Failure EB_TRAFFIC_WEIGHTS */
export const requireWeights = ({ blue, green }: Weights): void => {
  const isValid = [blue, green].every((weight) => Number.isInteger(weight) && weight >= 0);
  if (!isValid || blue + green !== fullWeight) throw invalidWeights({ blue, green });
};

export const slotHasTraffic = defineFailure({
  code: "EB_SLOT_HAS_TRAFFIC",
  status: 409,
  detail: "The slot {slot} has a weight of {weight}.",
  remedy: "Set its weight to 0 before you drain it.",
});
