import type { Change } from "@earlybird-ops/platform/rollback";
import orderSubscription from "./19-order-subscription.ts";
import deliveryOrder from "./20-delivery-order.ts";
import userCustomer from "./21-user-customer.ts";
import orderStatus from "./22-order-status.ts";
import oneTimeBilling from "./23-one-time-billing.ts";
import roleChecks from "./24-role-checks.ts";
import deliveryAudit from "./25-delivery-audit.ts";
import deliveryQuantities from "./26-delivery-quantities.ts";
import deliveryDates from "./27-delivery-dates.ts";
import consolidatedRoutes from "./28-consolidated-routes.ts";
import uuidIds from "./29-uuid-ids.ts";
import indexes from "./30-indexes.ts";

/** The twelve changes that EarlyBird made to its production system, each with its way back. */
export const changes: readonly Change[] = [
  orderSubscription,
  deliveryOrder,
  userCustomer,
  orderStatus,
  oneTimeBilling,
  roleChecks,
  deliveryAudit,
  deliveryQuantities,
  deliveryDates,
  consolidatedRoutes,
  uuidIds,
  indexes,
];
