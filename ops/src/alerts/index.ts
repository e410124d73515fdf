export { type Alert, AlertSeverity, AlertType } from "./alert.ts";
export {
  AlertManager,
  type AlertManagerOptions,
  type SnapshotSource,
} from "./alert-manager.ts";
export { type RaisedType, raisedTypes } from "./alert-types.ts";
export { type Channel, keyOfChannel, type SendResult } from "./channel.ts";
export { type EmailSettings, emailChannel } from "./channels/email.ts";
export { type MailTransport, mailTransportFrom } from "./channels/mail-transport.ts";
export { slackChannel } from "./channels/slack.ts";
export { billingFailure, deliveryIssue, securityAlert } from "./common-alerts.ts";
export type { Choice, Decision } from "./decision.ts";
export type { ChannelTest } from "./dispatcher/channel-test.ts";
export { type DispatcherOptions, NotificationDispatcher } from "./dispatcher/notification-dispatcher.ts";
export { type ChannelExplanation, type Explanation, explain } from "./explain.ts";
export { channelsFrom, securityFrom, thresholdsFrom } from "./from-settings.ts";
export { Heartbeat } from "./heartbeat.ts";
export type { HistoryFilter, HistoryPage } from "./history-filter.ts";
export type { AlertRecord } from "./incident.ts";
export {
  type Mute,
  type MuteEvent,
  type MuteRequest,
  type MuteTarget,
  muteEvent,
  muteTargets,
} from "./mute.ts";
export type { Attempt, ChannelStatus, Dispatcher, Notification, Occasion } from "./notification.ts";
export type { RaiseRequest } from "./raising.ts";
export { type AlertRoutesOptions, alertRoutes } from "./routes/index.ts";
export type { Rule } from "./rule.ts";
export { rules } from "./rules/index.ts";
export {
  defaultSecurityThresholds,
  RefusalWatch,
  type SecurityThresholds,
} from "./security/refusal-watch.ts";
export { noteRefusal, watchTrespasses } from "./security/watch-refusals.ts";
export { AlertArchive } from "./shared/alert-archive.ts";
export type { AlertStatistics, AlertSummary } from "./statistics.ts";
export { defaultThresholds, type Thresholds } from "./thresholds.ts";
