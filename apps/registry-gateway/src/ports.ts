import type { Reference } from '@berth/oci';
import type { RegistryCredentials } from './registry-credentials.ts';

/** What a digest names, as far as it is known. */
export interface BlobDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** A blob in the store. */
export interface StoredBlob extends BlobDescriptor {
  /** Absolute path of a file that never changes. */
  readonly path: string;
}

/** How an ingest ends. */
export interface IngestCommit {
  readonly mediaType: string;
  /** What the content must hash to; null: whatever it hashes to, by sha256. */
  readonly digest: string | null;
  /** What the content must measure; null: anything. */
  readonly size: number | null;
  /** A lease that keeps the blob from the same moment on; null for cached content. */
  readonly lease: string | null;
}

/** Content on its way into the store. One caller, one call at a time; disposing it without a commit discards what was written. */
export interface Ingest extends AsyncDisposable {
  /** Bytes there so far, those of an earlier run included. */
  readonly offset: number;
  /** Absolute path of the file that it writes, to be read while it grows. */
  readonly path: string;
  /** Appends. The chunk must not be changed afterwards; one of 512 KiB or more may be, when this has resolved. Throws DISK_FULL. */
  write(chunk: Uint8Array): Promise<void>;
  /** Begins again from nothing. */
  restart(): Promise<void>;
  /** Verifies and stores, durably. Throws DIGEST_MISMATCH, SIZE_MISMATCH or DISK_FULL. */
  commit(commit: IngestCommit): Promise<StoredBlob>;
  /** Ends, and keeps what was written for the next ingest of the same digest. */
  suspend(): Promise<void>;
}

/** A part of a file on this host, which does not change while it is read. */
export interface FileRange {
  readonly path: string;
  readonly offset: number;
  readonly size: number;
}

/** Reads it in chunks of 1 MiB, the last one excepted; each is valid until the next is asked for. Throws BLOB_NOT_FOUND, SIZE_MISMATCH. */
export type ReadFileRange = (range: FileRange) => AsyncIterable<Uint8Array>;

/** What an ingest is for. */
export interface IngestRequest {
  /** Expected digest; null: not known yet. Decides the algorithm. */
  readonly digest: string | null;
  /** Continues where an ingest of that digest ended that was suspended or killed. At most one such ingest of a digest at a time. */
  readonly isResumable: boolean;
  /** Bytes to come, to refuse early when the disk has no room for them; null when not known. */
  readonly size: number | null;
}

/** A page of a listing. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page begins; null at the end. */
  readonly next: string | null;
}

/** How a lease changes. */
export interface LeaseChange {
  /** What it keeps already stays kept. Default: only what is named now. */
  readonly adds?: boolean;
  /** What it kept and no lease keeps any more is removed. Default: it stays, as what was only fetched does. */
  readonly discards?: boolean;
}

/** Every blob and manifest of the host, by digest. Content that is in it was verified. */
export interface ContentStore {
  /** The blob; null when absent (also when its file was lost or cut). */
  get(digest: string): Promise<StoredBlob | null>;
  /** Reads from an offset to the end. Throws BLOB_NOT_FOUND. */
  read(digest: string, offset: number): AsyncIterable<Uint8Array>;
  /** Opens an ingest. Throws DISK_FULL. */
  ingest(request: IngestRequest): Promise<Ingest>;
  /** Blobs by digest, after one of them or (null) from the first. */
  list(options: { after: string | null; limit: number }): Promise<Page<BlobDescriptor>>;
  /** Sets what a lease keeps, whether it is there yet or not; nothing removes the lease. Returns what it keeps now and no other lease does. */
  setLease(lease: string, digests: readonly string[], change?: LeaseChange): Promise<string[]>;
  /** Removes a blob and returns the bytes freed, 0 when absent. Throws BLOB_IN_USE when a lease keeps it. */
  remove(digest: string): Promise<number>;
  /** Removes what came more than that many milliseconds ago and no lease keeps; returns how many blobs that were. */
  removeUnused(ageMs: number): Promise<number>;
}

/** A repository at its registry: a reference without tag and digest. */
export type Repository = Pick<Reference, 'domain' | 'path'>;

/** Who asks a registry for what. */
export interface RegistryRequest {
  readonly repository: Repository;
  /** Null: the gateway's own for that registry, or none. */
  readonly credentials: RegistryCredentials | null;
  readonly signal: AbortSignal;
}

/** A manifest as a registry served it. The content hashes to the digest. */
export interface FetchedManifest {
  readonly descriptor: BlobDescriptor;
  readonly content: Uint8Array;
}

/** What a registry says that a reference names; with the content when it had to be read to know. */
export interface ResolvedManifest {
  /** Not verified when the content is null. */
  readonly descriptor: BlobDescriptor;
  readonly content: Uint8Array | null;
}

/** A blob that a registry sends. */
export interface BlobResponse {
  /** Where the body begins: what was asked for, or 0 when the registry cannot resume. */
  readonly offset: number;
  /** Size of the whole blob; null when the registry does not say. */
  readonly size: number | null;
  /** Throws REGISTRY_UNAVAILABLE when it stalls or breaks off. Must be read to its end or returned. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * A client of the OCI distribution protocol. Throws the REGISTRY_* reasons, MANIFEST_NOT_FOUND or BLOB_NOT_FOUND with Docker's texts,
 * and CANCELLED when the signal is aborted.
 */
export interface RegistryClient {
  /** Asks what a tag or digest names now. Throws also MEDIA_TYPE_UNSUPPORTED, MANIFEST_INVALID, MANIFEST_TOO_LARGE, DIGEST_MISMATCH. */
  resolve(request: RegistryRequest, name: { tag: string | null; digest: string | null }): Promise<ResolvedManifest>;
  /** Gets a manifest or index by digest, verified. Throws as resolve. */
  getManifest(request: RegistryRequest, digest: string): Promise<FetchedManifest>;
  /** Opens a blob at an offset; null: the registry has nothing from there on. */
  getBlob(request: RegistryRequest, digest: string, offset: number): Promise<BlobResponse | null>;
  /** The tags of a repository, page by page as the registry gives them. */
  listTags(request: RegistryRequest): AsyncIterable<readonly string[]>;
}

/** A repository that a search has found. Texts have no control characters. */
export interface SearchResult {
  /** As a user would pull it: `busybox`, `user/app`. */
  readonly name: string;
  readonly description: string;
  readonly starCount: number;
  readonly isOfficial: boolean;
}

/** What a registry offers besides repositories. `server` is a host with optional port, or `docker.io`. Errors: as RegistryClient. */
export interface RegistryServer {
  /** Throws REGISTRY_UNAUTHORIZED, with Docker's texts, when the registry does not take them. */
  checkCredentials(server: string, credentials: RegistryCredentials, signal: AbortSignal): Promise<void>;
  /** Throws REGISTRY_REFUSED when the registry has no search. */
  search(
    server: string,
    query: { readonly term: string; readonly limit: number },
    signal: AbortSignal,
  ): Promise<SearchResult[]>;
}

/** An upload that a registry has begun. */
export interface UploadSession {
  /** Where it goes on: the registry may name another place in each answer. */
  location: URL;
}

/**
 * The other half of a registry's client: puts content there. Throws the REGISTRY_* reasons with Docker's texts, DIGEST_MISMATCH when the
 * registry got or keeps other content, and CANCELLED when the signal is aborted.
 */
export interface RegistryPusher {
  /** True when the repository has the blob. False also when the registry does not tell. */
  hasBlob(request: RegistryRequest, blob: BlobDescriptor): Promise<boolean>;
  /** Begins an upload. Null: none is needed, as the registry has taken the blob from the repository `mount.from`. */
  startUpload(
    request: RegistryRequest,
    mount: { readonly digest: string; readonly from: string } | null,
  ): Promise<UploadSession | null>;
  /** How much of an upload has arrived, bytes; null when the registry does not know it any more, or cannot go on with it. */
  uploadedBytes(request: RegistryRequest, session: UploadSession): Promise<number | null>;
  /** Sends a blob from an offset on, and ends the upload. A failure that another attempt may mend is REGISTRY_UNAVAILABLE. */
  sendBlob(request: RegistryRequest, session: UploadSession, content: UploadContent): Promise<void>;
  /** Tells the registry that nothing more will come. Does not fail. */
  cancelUpload(request: RegistryRequest, session: UploadSession): Promise<void>;
  /** Names a manifest or index; a tag of null names it by its digest only. */
  putManifest(request: RegistryRequest, tag: string | null, manifest: FetchedManifest): Promise<void>;
}

/** What is sent of a blob. */
export interface UploadContent {
  readonly blob: BlobDescriptor;
  readonly offset: number;
  /** The bytes from the offset on. */
  read(): AsyncIterable<Uint8Array>;
}

/** Which repositories are known to have a blob. What is lost costs an upload, nothing else. */
export interface BlobSources {
  add(digest: string, repository: Repository): void;
  /** Paths of repositories of that registry, the last one first. */
  find(digest: string, domain: string): string[];
}

/** Credentials of users who have logged in, for all who use the engine. Durable. */
export interface CredentialStore {
  set(domain: string, credentials: { readonly username: string; readonly password: string }): Promise<void>;
  /** Idempotent. */
  remove(domain: string): Promise<void>;
}

/** Credentials that the operator gave for registries. */
export interface CredentialSource {
  /** Null when there are none. */
  get(domain: string): Promise<RegistryCredentials | null>;
}
