import { Link, useParams } from "@tanstack/react-router";
import { type OperationDetails, useOperation } from "../api/operations.ts";
import { useSession } from "../api/session.ts";
import { createFormat, duration, type Format } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { sentenceOf } from "../ui/operation-words.ts";
import { Progress } from "../ui/progress.tsx";
import { Receipt } from "../ui/receipt.tsx";
import { Section } from "../ui/section.tsx";
import { Empty, LoadError, Loading } from "../ui/states.tsx";
import { KeptValues } from "./kept-values.tsx";
import styles from "./operation.module.css";
import { operationMarkdown } from "./operation-markdown.ts";
import { TakeUp } from "./take-up.tsx";

/** One operation: who requested it and why, its receipts, and the values that it kept. */
export const OperationPage = () => {
  const { id } = useParams({ from: "/inside/operations/$id" });
  const { data, error } = useOperation(id);
  const format = createFormat(useSession());
  if (error && !data) return <LoadError error={error} />;
  if (!data) return <Loading lines={8} />;
  const { steps, state, receipts, failure, kept_values } = data;
  return (
    <div className={styles.page}>
      <p className="t3">
        <Link to="/ledger">Ledger</Link> / {id}
      </p>
      <h1>{sentenceOf(data)}</h1>
      <Facts operation={data} format={format} />
      {state === "running" && <Progress operation={data} format={format} />}
      {failure && (
        <p className={styles.failure} role="alert">
          <Icon name="error" /> {failure.detail} <span className="t2">{failure.remedy}</span>
        </p>
      )}
      <TakeUp operation={data} />
      <div className={styles.columns}>
        <Section title={receipts.length === 1 ? "Receipt" : "Receipts"}>
          {receipts.length === 0 && <Empty>The operation has no receipts.</Empty>}
          <div className={styles.receipts}>
            {receipts.map((receipt, at) => (
              <Receipt
                // biome-ignore lint/suspicious/noArrayIndexKey: receipts are only appended, and a step can have two
                key={`${receipt.step} ${at}`}
                title={`Step ${receipt.step}`}
                subtitle={receipt.title}
                steps={[receipt]}
                totalMs={receipt.duration_ms}
                format={format}
              />
            ))}
          </div>
        </Section>
        <Section title="Kept values">
          <KeptValues kept={kept_values} />
        </Section>
      </div>
      <p className={styles.tools}>
        {steps.map((step) => (
          <Link key={step} to="/changes/$step" params={{ step: String(step) }}>
            Step {step}
          </Link>
        ))}
        <Button quiet onClick={() => window.print()}>
          Print
        </Button>
        <Button quiet onClick={() => download(`operation-${id}.md`, operationMarkdown(data, format))}>
          Download as Markdown
        </Button>
      </p>
    </div>
  );
};

const Facts = ({ operation, format }: { operation: OperationDetails; format: Format }) => {
  const { requested_by, origin, reason, started_at, finished_at, plan, until } = operation;
  const facts: [string, string | null][] = [
    ["Requested by", `${requested_by}, ${origin}`],
    ["Reason", reason],
    ["Started", format.dateTime(started_at)],
    ["Ended", finished_at && format.dateTime(finished_at)],
    ["Lasted", finished_at && lasted(Date.parse(finished_at) - Date.parse(started_at), format)],
    ["Plan", plan],
    ["Re-apply by", until && format.dateTime(until)],
  ];
  return (
    <dl className={styles.facts}>
      {facts.map(
        ([name, value]) =>
          value && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
};

const lasted = (ms: number, format: Format): string => (ms < 60_000 ? format.ms(ms) : duration(ms));

const download = (name: string, text: string): void => {
  const url = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
};
