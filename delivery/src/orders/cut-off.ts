import { defineFailure } from "@earlybird-ops/platform";
import { addDays, timeOfDay, today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";

const afterCutOff = defineFailure({
  code: "EB_ORDER_CUT_OFF",
  status: 422,
  detail: "The cut-off for {date} was at {cutOff} on {dayBefore}.",
  remedy: "Choose {firstDay} or a later day, or ask support.",
});

type CutOff = Pick<ApiContext, "clock" | "orderCutOff">;

/** The first day for which customers can still order and cancel; undefined without a cut-off. */
export const firstOpenDay = ({ clock, orderCutOff }: CutOff): string | undefined =>
  orderCutOff === undefined ? undefined : addDays(today(clock), timeOfDay(clock) < orderCutOff ? 1 : 2);

/** @throws Failure EB_ORDER_CUT_OFF when it is too late for customers to change what is delivered on a day */
export const requireBeforeCutOff = (context: CutOff, date: string): void => {
  const firstDay = firstOpenDay(context);
  if (firstDay !== undefined && date < firstDay)
    throw afterCutOff(
      { date, cutOff: context.orderCutOff ?? "", dayBefore: addDays(date, -1), firstDay },
      { first_day: firstDay },
    );
};
