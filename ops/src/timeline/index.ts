export type { TimelineEntry } from "./entry.ts";
export { periodOf, periodQuery } from "./period.ts";
export { readTimeline } from "./read.ts";
export { timelineRoute } from "./routes.ts";
export { type TimelineParts, type TimelineSource, timelineSources } from "./sources.ts";
