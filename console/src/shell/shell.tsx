import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import { activeAlertsQuery } from "../api/queries.ts";
import { logOut, useSession } from "../api/session.ts";
import { useLive } from "../live/use-live.ts";
import { pagesFor } from "../navigation.ts";
import { PaletteHost } from "../palette/palette-host.tsx";
import { openPalette } from "../palette/palette-state.ts";
import { Sunrise } from "../ui/icon.tsx";
import { Freshness } from "./freshness.tsx";
import { useRenewal } from "./renewal.ts";
import styles from "./shell.module.css";

/** Entries of the bar at the bottom of a phone, besides "More". */
const bottomEntries = 4;

/** The frame of every page: navigation, age of the data, user, palette and keys. */
export const Shell = () => {
  const session = useSession();
  useLive();
  useRenewal(session);
  const pages = pagesFor(session);
  return (
    <>
      <button type="button" className={styles.skip} onClick={() => document.getElementById("main")?.focus()}>
        Skip to content
      </button>
      <header className={styles.bar}>
        <Link className={styles.brand} to="/">
          <Sunrise />
          {session.title}
        </Link>
        <nav aria-label="Main">
          {pages.map((page) => (
            <PageLink key={page.to} page={page} />
          ))}
        </nav>
        <div className={styles.right}>
          <Freshness />
          <button type="button" className={styles.find} onClick={() => openPalette("commands")}>
            Find <kbd>Ctrl K</kbd>
          </button>
          <span className={styles.user}>
            {session.user.name} <span className="t3">{session.role}</span>
          </span>
          <span className={styles.user}>
            <LogOut />
          </span>
        </div>
      </header>
      <main id="main" className="wrap" tabIndex={-1}>
        <Outlet />
      </main>
      <nav className={styles.bottom} aria-label="Main, at the bottom">
        {pages.slice(0, bottomEntries).map((page) => (
          <PageLink key={page.to} page={page} />
        ))}
        <button type="button" popoverTarget="more">
          More
        </button>
      </nav>
      <More>
        {pages.slice(bottomEntries).map((page) => (
          <PageLink key={page.to} page={page} />
        ))}
        <p>
          {session.user.name} <span className="t3">{session.role}</span> <LogOut />
        </p>
      </More>
      <PaletteHost />
    </>
  );
};

type Page = ReturnType<typeof pagesFor>[number];

const PageLink = ({ page: { to, label } }: { page: Page }) => {
  const firing = useQuery({ ...activeAlertsQuery, select: ({ alerts }) => alerts.length }).data ?? 0;
  return (
    <Link to={to} activeOptions={{ exact: to === "/" }}>
      {label}
      {label === "Alerts" && firing > 0 && (
        <span className={styles.count}>
          {firing}
          <span className="visually-hidden"> firing</span>
        </span>
      )}
    </Link>
  );
};

/** The rest of the navigation on a phone; the browser closes it on Escape and on a tap outside. */
const More = ({ children }: { children: ReactNode }) => {
  const { pathname } = useLocation();
  const nav = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it closes when the page changes
  useEffect(() => nav.current?.hidePopover(), [pathname]);
  return (
    <nav ref={nav} id="more" className={styles.more} popover="auto" aria-label="More">
      {children}
    </nav>
  );
};

const LogOut = () => {
  const { mutate } = useMutation({ mutationFn: logOut });
  return (
    <button type="button" className={styles.out} onClick={() => mutate()}>
      Log out
    </button>
  );
};
