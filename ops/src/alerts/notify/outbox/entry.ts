import { z } from "zod";
import type { Notification } from "../../model/notification.ts";

/** A notification, and for which channels it is still waiting. */
export interface Entry {
  readonly notification: Notification;
  /** By channel name. Channels that are done are removed. */
  readonly pending: Record<string, { attempts: number }>;
}

/** As loose as delivering allows: an entry may have been written by an older or a newer version. */
const schema = z.object({
  notification: z.looseObject({
    id: z.string().min(1),
    occasion: z.enum(["fired", "worsened", "reminder", "resolved", "test"]),
    symptoms: z.number(),
    created_at: z.iso.datetime(),
    alert: z.looseObject({
      id: z.string(),
      type: z.string(),
      key: z.string(),
      severity: z.string(),
      state: z.enum(["firing", "resolved"]),
      message: z.string(),
      details: z.record(z.string(), z.unknown()),
      fired_at: z.string(),
      resolved_at: z.string().nullable(),
      acknowledged: z.looseObject({ by: z.string(), at: z.string() }).nullable().default(null),
    }),
  }),
  pending: z.record(z.string(), z.object({ attempts: z.number().int().min(0) })),
});

export const writeEntry = (entry: Entry): string => `${JSON.stringify(entry)}\n`;

/** Reads what {@link writeEntry} wrote; undefined when it is torn, or something else. */
export const readEntry = (text: string): Entry | undefined => {
  try {
    return schema.parse(JSON.parse(text)) as unknown as Entry;
  } catch {
    return undefined;
  }
};
