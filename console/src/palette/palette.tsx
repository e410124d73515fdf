import { useRouter } from "@tanstack/react-router";
import { type KeyboardEvent, useId, useState } from "react";
import type { Command } from "./commands.ts";
import { Dialog } from "./dialog.tsx";
import styles from "./palette.module.css";
import { closePalette } from "./palette-state.ts";
import { useCommands } from "./use-commands.ts";

/** A combobox with a list of commands, after the pattern of the ARIA Authoring Practices: the focus stays in the field. */
export const Palette = () => {
  const [query, setQuery] = useState("");
  const [selected, setSelected] = useState(0);
  const router = useRouter();
  const id = useId();
  const commands = useCommands(query);
  const at = Math.min(selected, commands.length - 1);
  const run = ({ run }: Command) => {
    closePalette();
    if ("open" in run) router.history.push(router.buildLocation({ to: run.open } as never).href);
    else run.act();
  };
  const steer = (event: KeyboardEvent) => {
    const last = commands.length - 1;
    const to = { ArrowDown: at === last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1 }[event.key];
    const command = commands[at];
    if (to !== undefined) setSelected(to);
    else if (event.key === "Enter" && command) run(command);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog label="Find pages, steps, alerts, operations and routes">
      <input
        className={styles.field}
        autoFocus
        type="text"
        role="combobox"
        aria-label="Find"
        aria-expanded="true"
        aria-controls={`${id}list`}
        aria-autocomplete="list"
        aria-activedescendant={commands.length > 0 ? `${id}${at}` : undefined}
        autoComplete="off"
        spellCheck={false}
        placeholder="Page, step, alert, operation, route"
        value={query}
        onChange={({ target }) => {
          setQuery(target.value);
          setSelected(0);
        }}
        onKeyDown={steer}
      />
      <div id={`${id}list`} className={styles.list} role="listbox" aria-label="Found">
        {commands.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the field, as in every combobox
          // biome-ignore lint/a11y/useFocusableInteractive: the active descendant has the focus
          <div
            key={command.id}
            id={`${id}${index}`}
            className={styles.option}
            role="option"
            aria-selected={index === at}
            ref={(element) => {
              if (index === at) element?.scrollIntoView({ block: "nearest" });
            }}
            onMouseMove={() => setSelected(index)}
            onClick={() => run(command)}
          >
            <span className={styles.group}>{command.group}</span>
            <span className={styles.label}>{command.label}</span>
            {command.hint && <span className={styles.hint}>{command.hint}</span>}
          </div>
        ))}
      </div>
      <p className={styles.found} role="status">
        {commands.length === 0 ? "Nothing matches." : `${commands.length} found`}
      </p>
    </Dialog>
  );
};
