/** Something that people must hear of. */
export interface Notice {
  type: "SECURITY_ALERT" | "CUSTOM";
  /** Instances that raise the same one are told of once. */
  key: string;
  severity: "warning" | "error" | "critical";
  message: string;
  details: Record<string, string | number>;
  /** After how long without being raised again it ends; null: only when it is resolved. */
  quietMs?: number | null;
}

/** Brings notices to people; an `AlertManager` is one. */
export interface Alarm {
  raise(notice: Notice): unknown;
  resolve(type: "CUSTOM", key: string): unknown;
  /** What fires in this process now. */
  active(): readonly { type: string; key: string; severity: string }[];
}
