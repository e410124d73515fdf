/** A notice to deliver to people. */
export interface Notice {
  type: "SECURITY_ALERT" | "CUSTOM";
  /** Notices of several instances with the same key are delivered once. */
  key: string;
  severity: "warning" | "error" | "critical";
  message: string;
  details: Record<string, string | number>;
  /** Ends after this time without being raised again; null: only when resolved. */
  quietMs?: number | null;
}

/** Delivers notices, for example an `AlertManager`. */
export interface Alarm {
  raise(notice: Notice): unknown;
  resolve(type: "CUSTOM", key: string): unknown;
  /** The alerts that fire in this process. */
  active(): readonly { type: string; key: string; severity: string }[];
}
