export { type Alert, AlertSeverity, AlertType } from "./alert.ts";
export { AlertManager, type AlertManagerOptions, type SnapshotSource } from "./alert-manager.ts";
export type { Channel, SendResult } from "./channel.ts";
export { type EmailSettings, emailChannel } from "./channels/email.ts";
export { slackChannel } from "./channels/slack.ts";
export {
  type ChannelTest,
  type DispatcherOptions,
  NotificationDispatcher,
} from "./dispatcher/notification-dispatcher.ts";
export { Heartbeat } from "./heartbeat.ts";
export type { Attempt, ChannelStatus, Dispatcher, Notification, Occasion } from "./notification.ts";
export { type AlertRoutesOptions, alertRoutes } from "./routes.ts";
