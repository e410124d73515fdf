import type { ApiVersion } from "@earlybird-ops/platform";

/** Products that are no longer sold are listed only on demand. */
export const listsOnlySoldProducts = "2026-11-01";

/** The API versions, newest first. docs/how-to/version-your-api.md lists what each changed. */
export const apiVersions: readonly ApiVersion[] = [
  { date: listsOnlySoldProducts },
  { date: "2026-08-01", sunset: "2027-08-01" },
];
