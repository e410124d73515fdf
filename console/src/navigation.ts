import type { Session } from "./api/session.ts";

/** A page of the navigation. */
export interface NavigationPage {
  to: string;
  label: string;
  /** Pressed after `g`, it opens the page. */
  key?: string;
  needsRollback?: true;
  needsReleases?: true;
}

/** In the order of the navigation. On a phone the first four are in the bar, and the others below "More". */
export const navigationPages = [
  { to: "/", label: "Now", key: "n" },
  { to: "/alerts", label: "Alerts", key: "a" },
  { to: "/changes", label: "Changes", key: "c", needsRollback: true },
  { to: "/releases", label: "Releases", key: "r", needsReleases: true },
  { to: "/traffic", label: "Traffic", key: "t" },
  { to: "/system", label: "System", key: "s" },
  { to: "/ledger", label: "Ledger", key: "l", needsRollback: true },
  { to: "/settings", label: "Settings" },
] as const satisfies readonly NavigationPage[];

/** Those that the service has. */
export const pagesFor = ({ features }: Session) =>
  navigationPages.filter(
    (page) =>
      (features.rollback || !("needsRollback" in page)) && (features.releases || !("needsReleases" in page)),
  );
