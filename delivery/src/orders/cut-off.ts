import { Failure } from "earlybird";
import { addDays, timeOfDay, today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";

const afterCutOff = (date: string, { cutOff, firstDay }: { cutOff: string; firstDay: string }) =>
  new Failure(
    "EB_ORDER_CUT_OFF",
    422,
    `The cut-off for ${date} was at ${cutOff} on ${addDays(date, -1)}.`,
    `Choose ${firstDay} or a later day, or ask support.`,
    { first_day: firstDay },
  );

type CutOff = Pick<ApiContext, "clock" | "orderCutOff">;

/** The first day for which customers can still order and cancel; undefined without a cut-off. */
export const firstOpenDay = ({ clock, orderCutOff }: CutOff): string | undefined =>
  orderCutOff === undefined ? undefined : addDays(today(clock), timeOfDay(clock) < orderCutOff ? 1 : 2);

/** @throws Failure EB_ORDER_CUT_OFF when it is too late for customers to change what is delivered on a day */
export const requireBeforeCutOff = (context: CutOff, date: string): void => {
  const firstDay = firstOpenDay(context);
  if (firstDay !== undefined && date < firstDay)
    throw afterCutOff(date, { cutOff: context.orderCutOff ?? "", firstDay });
};
