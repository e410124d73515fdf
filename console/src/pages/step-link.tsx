import { useRouter, useSearch } from "@tanstack/react-router";
import { useRef, useState } from "react";
import type { Direction, StepDetails } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import styles from "./step.module.css";

/** A link to this decision for an admin: direction, reason and plan, and who prepared it. No phrase is in it. */
export const PreparedLink = ({
  change,
  direction,
  reason,
  hash,
  isCascade,
}: {
  change: StepDetails;
  direction: Direction;
  reason: string;
  hash: string | undefined;
  isCascade: boolean;
}) => {
  const { user, can } = useSession();
  const router = useRouter();
  const { alert, plan } = useSearch({ from: "/inside/changes/$step" });
  const field = useRef<HTMLInputElement>(null);
  const [isCopied, setIsCopied] = useState(false);
  const known = hash ?? plan;
  const { href } = router.buildLocation({
    to: "/changes/$step",
    params: { step: String(change.step) },
    search: {
      direction,
      by: user.name,
      ...(reason.trim() !== "" && { reason: reason.trim() }),
      ...(alert !== undefined && { alert }),
      ...(known !== undefined && { plan: known }),
      ...(isCascade && { cascade: true as const }),
    },
  });
  const url = new URL(href, location.href).href;
  const copy = async () => {
    field.current?.select();
    // Without a secure connection there is no clipboard: the link stays selected, to be copied by hand.
    await navigator.clipboard?.writeText(url).then(
      () => setIsCopied(true),
      () => undefined,
    );
  };
  const link = (
    <>
      <label>
        <span className="t2">A link with this decision, without the phrase</span>
        <input ref={field} className="mono" readOnly value={url} onFocus={(event) => event.target.select()} />
      </label>
      <p className={styles.copy}>
        <Button quiet onClick={() => void copy()}>
          Copy link
        </Button>
        <span role="status">{isCopied && "Copied."}</span>
      </p>
    </>
  );
  return can.move ? (
    <details className={styles.field}>
      <summary>Share this decision</summary>
      {link}
    </details>
  ) : (
    <div className={styles.field}>
      <span className={styles.question}>Ask an admin</span>
      {link}
    </div>
  );
};

/** Who prepared the link that led here, and whether it still fits. */
export const PreparedBy = ({ direction, hash }: { direction: Direction; hash: string | undefined }) => {
  const { by, direction: wanted, plan } = useSearch({ from: "/inside/changes/$step" });
  if (by === undefined && wanted === undefined) return null;
  const verb = wanted === "reapply" ? "redo" : "undo";
  return (
    <div className={styles.prepared}>
      {by !== undefined && (
        <p>
          <b>{by}</b> prepared this link.{" "}
          <span className="t2">The name and the reason come from the link.</span>
        </p>
      )}
      {wanted !== undefined && wanted !== direction && (
        <p>
          <Icon name="warning" /> It asks to {verb} the step, which is{" "}
          {wanted === "rollback" ? "rolled back" : "applied"} already.
        </p>
      )}
      {plan !== undefined && hash !== undefined && plan !== hash && wanted === direction && (
        <p>
          <Icon name="warning" /> The numbers have changed since: the link has plan{" "}
          <span className="mono">{plan.slice(0, 8)}</span>, the dry run here{" "}
          <span className="mono">{hash.slice(0, 8)}</span>.
        </p>
      )}
    </div>
  );
};
