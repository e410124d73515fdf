import { Component, type ReactNode } from "react";
import { Button } from "./button.tsx";
import styles from "./states.module.css";

/** Shows an error that no page has caught, in place of a blank page. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: undefined };

  static getDerivedStateFromError = (error: unknown) => ({ error });

  override render() {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <main className={styles.state} role="alert">
        <h1>The console has failed</h1>
        <p>{String(error)}</p>
        <div className={styles.actions}>
          <Button onClick={() => window.location.reload()}>Reload</Button>
        </div>
      </main>
    );
  }
}
