export { channelsFrom, routerFromSettings, securityFrom, thresholdsFrom } from "./channels/configure.ts";
export { type EmailSettings, emailChannel } from "./channels/email.ts";
export { type MailTransport, mailTransportFrom } from "./channels/mail-transport.ts";
export { slackChannel } from "./channels/slack.ts";
export type { PastMute } from "./incidents/begun.ts";
export type { HistoryFilter, HistoryPage } from "./incidents/history-filter.ts";
export {
  describeSchedule,
  type MaintenanceRequest,
  type PlannedWindow,
  zoneUnknown,
} from "./incidents/maintenance.ts";
export type { Mute, MuteRequest, UnmuteRequest } from "./incidents/mute.ts";
export { type MuteEvent, maintenanceEvent, muteEvent } from "./incidents/mute-event.ts";
export { describeScope, type MuteScope, type MuteTarget, muteTargets } from "./incidents/mute-scope.ts";
export type { RaiseRequest } from "./incidents/raise.ts";
export type { AlertStatistics, AlertSummary } from "./incidents/statistics.ts";
export { AlertManager } from "./manager.ts";
export { type MessageContext, messageContextFrom } from "./message/context.ts";
export { type Alert, AlertSeverity, AlertType } from "./model/alert.ts";
export { keyOfChannel } from "./model/channel-alert.ts";
export { formatDuration } from "./model/duration.ts";
export type { Attempt, ChannelStatus, Dispatcher, Notification, Occasion } from "./model/notification.ts";
export type { Choice, Decision } from "./model/notification-decision.ts";
export { type RaisedType, raisedTypes } from "./model/raised-types.ts";
export type { AlertRecord } from "./model/record.ts";
export type { Channel, SendResult } from "./notify/channel.ts";
export type { ChannelTest } from "./notify/channel-test.ts";
export { type DispatcherOptions, NotificationDispatcher } from "./notify/dispatcher.ts";
export { type ChannelExplanation, type Explanation, explain } from "./notify/explain.ts";
export { Heartbeat } from "./notify/heartbeat.ts";
export type { AlertManagerOptions } from "./pipeline.ts";
export { type AlertRoutesOptions, alertRoutes } from "./routes/index.ts";
export { type GaugeAlertOptions, gaugeAlert } from "./rules/declared/gauge-alert.ts";
export {
  type AlertDeclaration,
  assertDeclarations,
  objectiveMinutes,
  objectiveTargets,
} from "./rules/declared/index.ts";
export { type ObjectiveOptions, objective } from "./rules/declared/objective.ts";
export { type RouteAlertOptions, routeAlert } from "./rules/declared/route-alert.ts";
export { rules } from "./rules/index.ts";
export { declaredPrometheusRules } from "./rules/prometheus/declared-rules.ts";
export type { Rule, SnapshotSource } from "./rules/rule.ts";
export { defaultThresholds, type Thresholds } from "./rules/thresholds.ts";
export {
  BruteForceDetector,
  defaultSecurityThresholds,
  type SecurityThresholds,
} from "./security/brute-force-detector.ts";
export { accountFrom, countRefusal } from "./security/refusal.ts";
export { securityAlert } from "./security/security-alert.ts";
export { watchLogins } from "./security/successful-logins.ts";
export { recordRefusal, watchUnauthorizedAccess } from "./security/unauthorized-access.ts";
export { AlertArchive } from "./storage/alert-archive.ts";
