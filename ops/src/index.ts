export {
  type AlertDeclaration,
  type GaugeAlertOptions,
  gaugeAlert,
  type ObjectiveOptions,
  objective,
  type RouteAlertOptions,
  routeAlert,
} from "./alerts/index.ts";
export type { ConsoleFigure, ConsoleLogin, ConsoleOptions, ConsoleUnit } from "./console/index.ts";
export { type Clock, systemClock } from "./core/clock.ts";
export { defineFailure, Failure, type Problem } from "./core/failure.ts";
export { createLogger, type Logger } from "./core/logger.ts";
export type { ReleaseStarter, Releases } from "./deployment/index.ts";
export { createOpsHandler, type LoginRoute, type OpsHandler, type OpsHandlerOptions } from "./handler.ts";
export type { ApiVersion } from "./http/api-version.ts";
export type { Authorize, Operator, WhoIs } from "./http/authorization.ts";
export { describeProblems, problemSchema } from "./http/openapi-problems.ts";
export {
  answerClientError,
  answerFrameworkError,
  failureOf,
  problems,
  tooManyRequests,
} from "./http/problems.ts";
export { type GaugeDeclaration, type GaugeOptions, gauge } from "./monitoring/index.ts";
export {
  type Backups,
  type EarlybirdOptions,
  earlybird,
  earlybird as default,
  type Observed,
} from "./plugin.ts";
export {
  defineService,
  type Journey,
  type JourneyContext,
  type MonitoringDeclarations,
  type RunningService,
  type SeedRequest,
  type ServeContext,
  type Service,
  type SlotListening,
} from "./service.ts";
export { type MonitoringSettings, readMonitoringSettings } from "./settings/monitoring-settings.ts";
export { readSettings, type Settings } from "./settings/settings.ts";
export { type MonitoringRequest, type RunningMonitoring, startMonitoring } from "./start-monitoring.ts";
