import type { Alert } from "./alert.ts";

/** The key of the alert about a broken channel. That alert is sent through all the others. */
export const keyOfChannel = (name: string): string => `channel:${name}`;

/** The channel that an alert reports as broken; undefined for any other alert, whatever key a service gave it. */
export const brokenChannelIn = ({ key, details: { channel } }: Alert): string | undefined =>
  typeof channel === "string" && key === keyOfChannel(channel) ? channel : undefined;
