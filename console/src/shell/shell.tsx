import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { activeAlertsQuery } from "../api/queries.ts";
import { logOut, useSession } from "../api/session.ts";
import { useLive } from "../live/use-live.ts";
import { Sunrise } from "../ui/icon.tsx";
import { Freshness } from "./freshness.tsx";
import { useRenewal } from "./renewal.ts";
import styles from "./shell.module.css";

const pages = [
  { to: "/", label: "Now" },
  { to: "/traffic", label: "Traffic" },
  { to: "/system", label: "System" },
  { to: "/alerts", label: "Alerts" },
  { to: "/changes", label: "Changes", needsRollback: true },
  { to: "/ledger", label: "Ledger", needsRollback: true },
] as const;

/** The frame of every page: navigation, age of the data, user. */
export const Shell = () => {
  const session = useSession();
  const firing = useQuery(activeAlertsQuery).data?.alerts.length ?? 0;
  useLive();
  useRenewal(session);
  const shown = pages.filter((page) => session.features.rollback || !("needsRollback" in page));
  const links = shown.map(({ to, label }) => (
    <Link key={to} to={to} activeOptions={{ exact: to === "/" }}>
      {label}
      {label === "Alerts" && firing > 0 && <span className={styles.count}>{firing}</span>}
    </Link>
  ));
  return (
    <>
      <a className={styles.skip} href="#main">
        Skip to content
      </a>
      <header className={styles.bar}>
        <Link className={styles.brand} to="/">
          <Sunrise />
          {session.title}
        </Link>
        <nav aria-label="Main">{links}</nav>
        <div className={styles.right}>
          <Freshness />
          <span className={styles.user}>
            {session.user.name} <span className="t3">{session.role}</span>
          </span>
          <span className={styles.user}>
            <LogOut />
          </span>
        </div>
      </header>
      <main id="main" className="wrap">
        <Outlet />
      </main>
      <footer className={styles.footer}>
        {session.user.name} <span className="t3">{session.role}</span> <LogOut />
      </footer>
      <nav className={styles.bottom} aria-label="Main, at the bottom">
        {links}
      </nav>
    </>
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
