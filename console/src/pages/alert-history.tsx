import { useInfiniteQuery } from "@tanstack/react-query";
import { type AlertFilter, alertPagesQuery } from "../api/alerts.ts";
import { Button } from "../ui/button.tsx";
import { Empty, Fault, Loading } from "../ui/states.tsx";
import { AlertRow } from "./alert-row.tsx";
import styles from "./alerts.module.css";

/** The alerts of the last 90 days, a page at a time. */
export const AlertHistory = ({ filter }: { filter: AlertFilter }) => {
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    alertPagesQuery(filter),
  );
  if (error && !data) return <Fault error={error} />;
  if (!data) return <Loading lines={8} />;
  const alerts = data.pages.flatMap((page) => page.alerts);
  if (alerts.length === 0) return <Empty>No alert of the last 90 days matches.</Empty>;
  return (
    <>
      <ul>
        {alerts.map((alert) => (
          <AlertRow key={`${alert.id} ${alert.instance}`} alert={alert} />
        ))}
      </ul>
      <p className={styles.older}>
        {hasNextPage ? (
          <Button
            quiet
            missing={isFetchingNextPage ? "Older alerts are being read." : undefined}
            onClick={() => void fetchNextPage()}
          >
            Older alerts
          </Button>
        ) : (
          <span className="t2">These are all.</span>
        )}
      </p>
    </>
  );
};
