export { alreadyConfirmed, type Confirmation, confirmCustomerDay, confirmOrder } from "./confirm.ts";
export { correctionRoutes } from "./correction-routes.ts";
export { alertingFailedConfirmation } from "./failed-confirmations.ts";
export { checkOpenDeliveries } from "./open-deliveries.ts";
export { recordingRefusals } from "./refusals.ts";
export { deliveryRoutes } from "./routes.ts";
