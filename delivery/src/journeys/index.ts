import type { Journey } from "@earlybird-ops/platform/service";
import { ordersAndBills } from "./orders-and-bills.ts";
import { roleJourneys } from "./role-journeys.ts";

/** What `earlybird smoke` tries: the seven roles, then the business as a whole. */
export const journeys: readonly Journey[] = [...roleJourneys, ordersAndBills];
