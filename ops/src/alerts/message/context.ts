import { processTimeZone } from "../../core/local-time.ts";
import type { MonitoringSettings } from "../../settings/monitoring-settings.ts";
import type { AlertType } from "../model/alert.ts";

/** What messages say about the service that sends them. */
export interface MessageContext {
  /** Names the service and its environment, such as `shop-prod`. */
  service: string;
  /** An IANA name; times in messages are in it. */
  timeZone: string;
  /** The address of the console without a slash at the end; without it, messages have no links to it. */
  consoleUrl?: string | undefined;
  /** The address of the instructions for a type of alert. */
  runbookUrl?: ((type: AlertType) => string) | undefined;
}

/** An option of the channels that show messages to people. */
export interface MessageOptions {
  context?: MessageContext | undefined;
}

/** For a process without settings. */
export const plainContext: MessageContext = { service: "earlybird", timeZone: "UTC" };

/**
 * The context of a service, by its settings.
 *
 * @param options.name the service, unless `SERVICE_NAME` is set
 * @param options.timeZone of the business, unless `BUSINESS_TIME_ZONE` is set
 * @param options.consolePath where the plugin serves the console
 */
export const messageContextFrom = (
  settings: MonitoringSettings,
  { name = "earlybird", timeZone = processTimeZone(), consolePath = "/console" }: ServiceIdentity = {},
): MessageContext => {
  const {
    SERVICE_NAME = name,
    ENVIRONMENT,
    NODE_ENV,
    BUSINESS_TIME_ZONE,
    PUBLIC_URL,
    RUNBOOK_URL,
  } = settings;
  return {
    service: `${SERVICE_NAME}-${ENVIRONMENT ?? NODE_ENV}`,
    timeZone: BUSINESS_TIME_ZONE ?? timeZone,
    consoleUrl: PUBLIC_URL && `${PUBLIC_URL.replace(/\/+$/, "")}${consolePath}`,
    runbookUrl: RUNBOOK_URL === undefined ? undefined : (type) => RUNBOOK_URL.replaceAll("{type}", type),
  };
};

export interface ServiceIdentity {
  name?: string | undefined;
  timeZone?: string | undefined;
  consolePath?: string | undefined;
}
