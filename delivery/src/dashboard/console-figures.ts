import type { ConsoleFigure } from "@earlybird-ops/platform";
import type { DeliveryDatabase } from "../database.ts";
import { readFigures } from "./figures.ts";

/** The figures of a day and its month on the console's front page. */
export const consoleFigures = async (db: DeliveryDatabase, date: string): Promise<ConsoleFigure[]> => {
  const { orders_today, open_deliveries_today, month } = await readFigures(db, date);
  const orders = Object.values(orders_today).reduce((sum, count) => sum + count, 0);
  const { delivered_paise, billed_paise } = month;
  return [
    { label: "orders today", value: orders },
    { label: "open deliveries today", value: open_deliveries_today },
    { label: "delivered this month", value: delivered_paise, unit: "paise" },
    // Bills of a month may include orders of an earlier one.
    { label: "not billed yet", value: Math.max(0, delivered_paise - billed_paise), unit: "paise" },
  ];
};
