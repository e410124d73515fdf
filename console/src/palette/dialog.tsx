import { type ReactNode, useEffect, useRef } from "react";
import styles from "./palette.module.css";
import { closePalette } from "./palette-state.ts";

/** A native modal dialog: the browser traps the focus, closes it on Escape, and gives the focus back. */
export const Dialog = ({ label, children }: { label: string; children: ReactNode }) => {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const { current } = dialog;
    current?.showModal();
    return () => current?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-label={label}
      onClose={closePalette}
      // The backdrop belongs to the dialog; its content covers the rest. Escape is the key for it.
      onMouseDown={({ target, currentTarget }) => {
        if (target === currentTarget) closePalette();
      }}
    >
      {children}
    </dialog>
  );
};
