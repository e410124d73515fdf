export { type Alert, AlertSeverity, AlertType } from "./alert.ts";
export { AlertManager, type AlertManagerOptions, type SnapshotSource } from "./alert-manager.ts";
export type { Channel, SendResult } from "./channel.ts";
export { type AlertRoutesOptions, alertRoutes } from "./routes.ts";
export { slackChannel } from "./slack.ts";
