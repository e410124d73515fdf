/** What stands at `/` until the console has pages of its own: where the API and its documentation are. */
export function Welcome() {
  return (
    <main>
      <h1>EarlyBird</h1>
      <p>The delivery API is running.</p>
      <ul>
        <li>
          <a href="/api/docs">API documentation</a>
        </li>
        <li>
          <a href="/api/health">Health</a>
        </li>
      </ul>
    </main>
  );
}
