import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Failure } from "../core/failure.ts";
import { messageOf } from "../core/message-of.ts";
import type { BackupContext } from "./context.ts";
import {
  type CreateRequest,
  demandSpace,
  type Plan,
  type Progress,
  planBackup,
  writeBackup,
} from "./create.ts";
import { backupElsewhere, backupFailed, backupRunning, backupUnknown } from "./failures.ts";
import { type Manifest, type Verification, writeManifest } from "./manifest.ts";
import { type Restored, type RestoreRequest, restoreBackup } from "./restore.ts";
import { expiredBackups } from "./retention.ts";
import { readServerFacts, type ServerFacts } from "./server-facts.ts";
import {
  beginFolder,
  listIncomplete,
  listManifests,
  newBackupId,
  removeFolder,
  removeIncomplete,
} from "./storage/folders.ts";
import type { PartFolder } from "./storage/part.ts";
import { BackupTable, newRow, rowOf } from "./table.ts";
import { verifyBackup } from "./verify.ts";
import { type BackupView, incompleteView, type RunningWork, rowView, viewOf } from "./view.ts";
import { pruneArchive } from "./wal-archive.ts";
import { type TemporaryCopy, withTemporaryCopy } from "./with-copy.ts";

/** Makes, lists and verifies the backups of one database. */
export class BackupManager {
  readonly #context: BackupContext;
  readonly #table: BackupTable;
  readonly #running = new Map<string, RunningWork>();

  constructor(context: BackupContext) {
    this.#context = context;
    this.#table = new BackupTable(context.pool);
  }

  get #root(): string {
    return this.#context.settings.directory;
  }

  /**
   * Makes a backup, and then removes expired ones. Nothing of it is left if it fails.
   *
   * @param onBegin called with its id once nothing refuses it any more
   * @throws Failure EB_BACKUP_RUNNING, EB_BACKUP_REFUSED, EB_BACKUP_DISK_FULL, EB_BACKUP_FAILED
   */
  async create(request: CreateRequest, onBegin?: (id: string) => void): Promise<Manifest> {
    const made = await this.#table.exclusively(async () => {
      await removeIncomplete(this.#root);
      await this.#table.endInterrupted();
      const facts = await readServerFacts(this.#context.pool);
      const plan = await planBackup(this.#context, facts, request.method);
      const id = newBackupId(this.#context.clock.now(), randomBytes(2).toString("hex"));
      const directory = await beginFolder(this.#root, id);
      try {
        if (plan.method !== "command") await demandSpace(this.#context, facts.bytes);
        return await this.#write({ id, directory, facts, plan, request, onBegin });
      } catch (error) {
        await removeFolder(this.#root, id);
        throw error;
      }
    });
    if (!made) throw backupRunning();
    await this.#prune();
    return made.result;
  }

  async #write({
    id,
    directory,
    facts,
    plan,
    request,
    onBegin,
  }: {
    id: string;
    directory: string;
    facts: ServerFacts;
    plan: Plan;
    request: CreateRequest;
    onBegin: ((id: string) => void) | undefined;
  }): Promise<Manifest> {
    const { key } = this.#context.settings;
    const { clock } = this.#context;
    const begun = newRow({ id, method: plan.method, scheduled: request.scheduled ?? false, at: clock.now() });
    await this.#table.put(begun);
    onBegin?.(id);
    try {
      return await this.#working(id, "create", request.onProgress, async (onProgress) => {
        const folder = { directory, key };
        const manifest = await writeBackup(this.#context, plan, {
          id,
          folder,
          facts,
          request: { ...request, onProgress },
        });
        await writeManifest(folder, manifest).catch((cause: unknown) => {
          throw backupFailed({ reason: messageOf(cause) }, {}, { cause });
        });
        await this.#note(manifest);
        return manifest;
      });
    } catch (error) {
      const failure = error instanceof Failure ? error.detail : messageOf(error);
      // The database may be what failed.
      await this.#table
        .put({ ...begun, state: "failed", finished_at: clock.now(), failure })
        .catch((err: unknown) => this.#context.log.warn({ err }, "a failed backup was not recorded"));
      throw error;
    }
  }

  /**
   * Restores a backup into a temporary server, checks it, and records the result.
   *
   * @throws Failure EB_BACKUP_UNKNOWN, EB_BACKUP_ELSEWHERE
   */
  async verify(
    id: string,
    { onProgress }: { onProgress?: ((progress: Progress) => void) | undefined } = {},
  ): Promise<Verification> {
    const manifest = await this.find(id);
    const { clock, log } = this.#context;
    const folder = this.#folderOf(manifest);
    return this.#working(id, "verify", onProgress, async (report) => {
      const verification = await verifyBackup({
        ...this.#copying(manifest, report),
        root: this.#root,
        clock,
        log,
      });
      const isReadable = verification.checks[0]?.verdict === "ok";
      // Only who has the key may change the manifest of an encrypted backup.
      if (isReadable) await writeManifest(folder, { ...manifest, verification });
      await this.#note({ ...manifest, verification });
      return verification;
    });
  }

  /**
   * Finds a backup whose files are here.
   *
   * @throws Failure EB_BACKUP_UNKNOWN, EB_BACKUP_ELSEWHERE
   */
  async find(id: string): Promise<Manifest> {
    const found = (await listManifests(this.#root)).find((manifest) => manifest.id === id);
    if (found) return found;
    const row = (await this.#rows()).find((each) => each.id === id && each.state === "complete");
    if (row) throw backupElsewhere({ id, directory: this.#root, host: row.host });
    throw backupUnknown({ id });
  }

  /**
   * Restores a backup to another place. Needs no database.
   *
   * @param dataDir the data directory with the archive of the embedded server's log
   * @throws what {@link restoreBackup} throws, EB_BACKUP_UNKNOWN, EB_BACKUP_ELSEWHERE
   */
  async restore(
    id: string,
    {
      destination,
      target,
      dataDir,
      onProgress,
    }: Pick<RestoreRequest, "destination" | "target"> & {
      dataDir: string;
      onProgress?: (progress: Progress) => void;
    },
  ): Promise<Restored> {
    const manifest = await this.find(id);
    const copying = this.#copying(manifest, (progress) => onProgress?.(progress));
    const request = { ...copying, destination, target, archiveOf: dataDir };
    return restoreBackup(request, this.#context.clock.now());
  }

  /**
   * Restores a backup into a temporary server for as long as `work` takes. Server and files are removed in any case.
   *
   * @throws what {@link withTemporaryCopy} throws, EB_BACKUP_UNKNOWN, EB_BACKUP_ELSEWHERE
   */
  async withCopy<T>(
    id: string,
    work: (copy: TemporaryCopy) => Promise<T>,
    { onProgress, signal }: { onProgress?: (progress: Progress) => void; signal?: AbortSignal } = {},
  ): Promise<T> {
    const manifest = await this.find(id);
    return this.#working(id, "copy", onProgress, (report) =>
      withTemporaryCopy({ ...this.#copying(manifest, report), root: this.#root, signal }, work),
    );
  }

  /** The backups in the directory, those that other hosts made, and attempts that failed; the newest first. */
  async list(): Promise<BackupView[]> {
    const manifests = await listManifests(this.#root);
    const incomplete = await listIncomplete(this.#root);
    const here = new Set([...manifests, ...incomplete].map(({ id }) => id));
    const others = (await this.#rows()).filter(({ id }) => !here.has(id));
    return [
      ...manifests.map((manifest) => viewOf(manifest, this.#running.get(manifest.id))),
      ...incomplete.map((each) => incompleteView(each, this.#running.get(each.id))),
      ...others.map(rowView),
    ].sort((one, other) => (one.id < other.id ? 1 : -1));
  }

  /** The newest backup that was restored and compared, of any host; undefined if there is none. */
  async lastVerified(): Promise<{ id: string; at: Date } | undefined> {
    const verified = (await this.list()).find(({ verdict }) => verdict === "ok");
    return verified && { id: verified.id, at: new Date(verified.started_at) };
  }

  /** Whether a scheduled backup was begun at or after a time, by any instance. */
  async wasBegunSince(due: Date): Promise<boolean> {
    return (await this.#table.list(20)).some((row) => row.scheduled && row.started_at >= due);
  }

  /** How a backup is copied, with the progress. */
  #copying(manifest: Manifest, report: (progress: Progress) => void) {
    const { settings, url } = this.#context;
    let bytes = 0;
    return {
      folder: this.#folderOf(manifest),
      manifest,
      binDirectory: settings.binDirectory,
      restoreCommand: settings.restoreCommand,
      databaseUrl: url,
      onBytes: (count: number) => {
        bytes += count;
        report({ stage: "restore", bytes, total_bytes: Math.max(manifest.raw_bytes, bytes) });
      },
    };
  }

  #folderOf({ id, key_id }: Manifest): PartFolder {
    const { key } = this.#context.settings;
    return { directory: join(this.#root, id), key: key_id === null ? undefined : key };
  }

  async #prune(): Promise<void> {
    const { settings, clock, log, embedded, dataDir } = this.#context;
    const expired = expiredBackups(await listManifests(this.#root), settings.keep, clock.now());
    const ids = expired.map(({ id }) => id).filter((id) => !this.#running.has(id));
    for (const id of ids) await removeFolder(this.#root, id);
    if (embedded && dataDir !== undefined) await pruneArchive(dataDir, await listManifests(this.#root));
    await this.#table
      .remove(ids)
      .catch((err: unknown) => log.warn({ err }, "removed backups are still listed"));
  }

  /** The files are the truth: without the database, only other instances do not know yet. */
  async #note(manifest: Manifest): Promise<void> {
    await this.#table
      .put(rowOf(manifest))
      .catch((err: unknown) =>
        this.#context.log.warn({ err, backup: manifest.id }, "a backup was not recorded"),
      );
  }

  #rows() {
    return this.#table.list().catch(() => []);
  }

  async #working<T>(
    id: string,
    kind: RunningWork["kind"],
    listener: ((progress: Progress) => void) | undefined,
    work: (report: (progress: Progress) => void) => Promise<T>,
  ): Promise<T> {
    const running: RunningWork = { kind, progress: null };
    this.#running.set(id, running);
    try {
      return await work((progress) => {
        running.progress = progress;
        listener?.(progress);
      });
    } finally {
      this.#running.delete(id);
    }
  }
}
