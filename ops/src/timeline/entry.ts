import { z } from "zod";

export const timelineKinds = ["operation", "alert", "mute", "instance", "release"] as const;
export type TimelineKind = (typeof timelineKinds)[number];

/** Something that happened in the service. */
export const timelineEntry = z.object({
  id: z.string().describe("unique, such as operation:12"),
  kind: z.enum(timelineKinds),
  at: z.iso.datetime().describe("when it began"),
  ended_at: z.iso.datetime().nullable().describe("null while it lasts"),
  title: z.string().describe("a sentence"),
  severity: z.enum(["info", "warning", "error", "critical"]).nullable(),
  by: z.string().nullable().describe("the person who did it"),
  reason: z.string().nullable(),
  ref: z
    .object({
      operation: z.int().optional(),
      steps: z.array(z.int()).optional(),
      alert: z.string().optional(),
      release: z.string().optional(),
      milestone: z.enum(["started", "switched", "reverted", "completed"]).optional(),
      instance: z.string().optional(),
      version: z.string().optional(),
    })
    .describe("what to look up"),
});
export type TimelineEntry = z.infer<typeof timelineEntry>;

export const timelinePage = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  entries: z.array(timelineEntry).describe("newest first, by their beginning"),
  next_cursor: z.string().nullable().describe("`cursor` of the next page; null on the last one"),
  missing: z
    .array(z.enum(timelineKinds))
    .describe("kinds that could not be read completely, for example because the database is unavailable"),
});
export type TimelinePage = z.infer<typeof timelinePage>;
